//! What a list of references can lead to: one content type, or a union of several.

use std::sync::Arc;

use entity::entry::ContentType;

use crate::content::{Content, object::Entry, row::AnyRow, scope::Scope};

/// What a list of references can lead to.
pub trait Target {
    /// The types of the entries.
    const TYPES: &'static [ContentType];
    /// What the API shows of an entry.
    type Shown;

    /// What the API shows of the entry, in the scope in which it was loaded; none if it is of another type.
    fn shown(row: &AnyRow, scope: &Arc<Scope>) -> Option<Self::Shown>;
}

impl<C: Content> Target for C {
    const TYPES: &'static [ContentType] = &[C::TYPE];
    type Shown = Entry<C>;

    fn shown(row: &AnyRow, scope: &Arc<Scope>) -> Option<Entry<C>> {
        let row = row.typed::<C>()?;
        Some(Entry::new(row, Arc::clone(scope)))
    }
}

/// Declares a union of content types, for fields that refer to entries of any of them.
macro_rules! union {
    ($(#[$about:meta])* $name:ident { $($(#[$item:meta])* $content:ident,)+ }) => {
        $(#[$about])*
        #[derive(Clone, async_graphql::Union)]
        pub enum $name {
            $($(#[$item])* $content($crate::content::object::Entry<$content>),)+
        }

        impl $crate::content::model::target::Target for $name {
            const TYPES: &'static [entity::entry::ContentType] =
                &[$(entity::entry::ContentType::$content),+];
            type Shown = $crate::content::types::metered::Metered<Self>;

            fn shown(
                row: &$crate::content::row::AnyRow,
                scope: &std::sync::Arc<$crate::content::scope::Scope>,
            ) -> Option<Self::Shown> {
                let shown = match row.id.content_type {
                    $(entity::entry::ContentType::$content => {
                        Self::$content(<$content as $crate::content::model::target::Target>::shown(row, scope)?)
                    })+
                    _ => return None,
                };
                Some($crate::content::types::metered::Metered(shown))
            }
        }
    };
}

pub(crate) use union;
