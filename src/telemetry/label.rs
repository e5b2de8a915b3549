//! Labels of figures. What they may say is all known beforehand, so that no request can make new ones.

/// What tells the figures of one metric from each other.
pub trait Label: Copy {
    /// How many there are.
    const COUNT: usize;

    /// The place of this one among them.
    fn place(self) -> usize;

    /// The names and values of the one at this place.
    fn at(place: usize) -> Vec<(&'static str, &'static str)>;
}

/// No label: there is one figure.
impl Label for () {
    const COUNT: usize = 1;

    fn place(self) -> usize {
        0
    }

    fn at(_: usize) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }
}

impl<A: Label, B: Label> Label for (A, B) {
    const COUNT: usize = A::COUNT * B::COUNT;

    fn place(self) -> usize {
        self.0.place() * B::COUNT + self.1.place()
    }

    fn at(place: usize) -> Vec<(&'static str, &'static str)> {
        let mut all = A::at(place / B::COUNT);
        all.extend(B::at(place % B::COUNT));
        all
    }
}

/// Declares a label with its name and all that it may say.
macro_rules! labels {
    ($(
        $(#[$about:meta])*
        $label:ident = $name:literal { $($(#[$of:meta])* $variant:ident = $value:literal,)+ }
    )+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $label { $($(#[$of])* $variant),+ }

        impl $label {
            /// All that it may say, with the words for it.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $value)),+];

            /// The word for this one.
            pub fn name(self) -> &'static str {
                Self::ALL.get(self as usize).map_or("", |(_, name)| name)
            }
        }

        impl $crate::telemetry::label::Label for $label {
            const COUNT: usize = Self::ALL.len();

            fn place(self) -> usize {
                self as usize
            }

            fn at(place: usize) -> Vec<(&'static str, &'static str)> {
                let found = Self::ALL.get(place);
                found.map(|(_, value)| ($name, *value)).into_iter().collect()
            }
        }
    )+};
}

pub(super) use labels;
