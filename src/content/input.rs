//! What an editor may write of each content type: GraphQL inputs, declared by the names of the fields.

use async_graphql::{InputType, MaybeUndefined};

use super::{
    Content,
    given::Given,
    patch::{Patch, Place},
    scalar::Locale,
};

/// The fields of a content type, or of a group of them, as an editor sends them: absent to leave alone, null to clear.
pub trait Input: InputType {
    /// Writes the fields into the patch. `prefix` is the path of the group, with a point behind it.
    fn write(self, patch: &mut Patch, prefix: &str);

    /// Where the fields are.
    fn places(prefix: &str) -> Vec<Place>;
}

/// The texts of a content type in one locale, as an editor sends them.
pub trait Translation: InputType {
    /// Takes the locale, and writes the texts into the patch.
    fn write(self, patch: &mut Patch, at: usize);
}

/// What an editor sends to create or change an entry.
pub struct Edit<C: Content> {
    /// The locale of the texts in `content`; the site's default if there is none.
    pub locale: Option<Given<Locale>>,
    /// The fields.
    pub content: Option<C::Input>,
    /// The texts in other locales.
    pub translations: Vec<C::Translation>,
}

impl<C: Content> Edit<C> {
    /// The changes in one.
    pub fn into_patch(self, default_locale: &str) -> Patch {
        let mut patch = Patch::in_locale(default_locale);
        if let Some(locale) = self.locale {
            patch.choose_locale(locale, "locale");
        }
        if let Some(content) = self.content {
            content.write(&mut patch, "");
        }
        for (at, translation) in self.translations.into_iter().enumerate() {
            translation.write(&mut patch, at);
        }
        patch
    }
}

/// A field that is written as `name` in Rust.
pub fn place(prefix: &str, name: &str, field: &'static str, indispensable: bool) -> Place {
    Place {
        field,
        path: format!("{prefix}{}", camel_case(name)),
        indispensable,
    }
}

/// The path of a group, with a point behind it.
pub fn prefix(prefix: &str, name: &str) -> String {
    format!("{prefix}{}.", camel_case(name))
}

/// Writes, clears or leaves alone a group of fields.
pub fn write_group<I: Input>(group: MaybeUndefined<I>, patch: &mut Patch, prefix: &str) {
    match group {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => {
            for place in I::places(prefix) {
                patch.clear(place);
            }
        }
        MaybeUndefined::Value(fields) => fields.write(patch, prefix),
    }
}

/// As async-graphql names fields.
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    camel
}

/// Declares what an editor may write of a content type, or of a group of its fields: the input, and the input of its
/// texts in one more locale. Each field is named with the name that it has in the JSON of the row.
macro_rules! input {
    ($input:ident, $translation:ident { $($body:tt)* }) => {
        $crate::content::input::fields!($input { $($body)* });
        $crate::content::input::texts!($translation of entry { $($body)* });
    };
    (group $input:ident, $translation:ident { $($body:tt)* }) => {
        $crate::content::input::fields!($input { $($body)* });
        $crate::content::input::texts!($translation of group { $($body)* });
    };
    (group $input:ident { $($body:tt)* }) => {
        $crate::content::input::fields!($input { $($body)* });
    };
}

macro_rules! fields {
    ($input:ident {
        $(must $must:ident: $must_type:ty => $must_field:literal;)*
        $(value $value:ident: $type:ty => $field:literal;)*
        $(text $text:ident => $text_field:literal;)*
        $(list $list:ident => $list_field:literal;)*
        $(group $group:ident: $group_input:ty $(, $translation:ty)?;)*
    }) => {
        /// What to write; absent means to leave alone, null to clear.
        #[derive(Clone, Debug, async_graphql::InputObject)]
        pub struct $input {
            $($must: async_graphql::MaybeUndefined<$crate::content::given::Given<$must_type>>,)*
            $($value: async_graphql::MaybeUndefined<$crate::content::given::Given<$type>>,)*
            $($text: async_graphql::MaybeUndefined<String>,)*
            $($list: async_graphql::MaybeUndefined<$crate::content::list_change::ReferencesInput>,)*
            $($group: async_graphql::MaybeUndefined<$group_input>,)*
        }

        impl $crate::content::input::Input for $input {
            fn write(self, patch: &mut $crate::content::patch::Patch, prefix: &str) {
                use $crate::content::input::place;
                $(patch.value(place(prefix, stringify!($must), $must_field, true), self.$must);)*
                $(patch.value(place(prefix, stringify!($value), $field, false), self.$value);)*
                $(patch.text(place(prefix, stringify!($text), $text_field, false), self.$text);)*
                $(patch.list(place(prefix, stringify!($list), $list_field, false), self.$list);)*
                $(
                    let group = $crate::content::input::prefix(prefix, stringify!($group));
                    $crate::content::input::write_group(self.$group, patch, &group);
                )*
            }

            fn places(prefix: &str) -> Vec<$crate::content::patch::Place> {
                use $crate::content::input::place;
                let places = [
                    $(place(prefix, stringify!($must), $must_field, true),)*
                    $(place(prefix, stringify!($value), $field, false),)*
                    $(place(prefix, stringify!($text), $text_field, false),)*
                    $(place(prefix, stringify!($list), $list_field, false),)*
                ];
                places
                    .into_iter()
                    $(.chain(<$group_input>::places(&$crate::content::input::prefix(prefix, stringify!($group)))))*
                    .collect()
            }
        }
    };
}

macro_rules! texts {
    ($translation:ident of $kind:ident {
        $(must $must:ident: $must_type:ty => $must_field:literal;)*
        $(value $value:ident: $type:ty => $field:literal;)*
        $(text $text:ident => $text_field:literal;)*
        $(list $list:ident => $list_field:literal;)*
        $(group $group:ident: $group_input:ty $(, $group_translation:ty)?;)*
    }) => {
        $crate::content::input::translation! { $translation of $kind {
            $(text $text => $text_field;)*
            $($(group $group: $group_translation;)?)*
        } }
    };
}

macro_rules! translation {
    ($translation:ident of entry { $(text $text:ident => $text_field:literal;)* $(group $group:ident: $group_translation:ty;)* }) => {
        /// Texts in one locale; absent means to leave alone, null to clear.
        #[derive(Clone, Debug, async_graphql::InputObject)]
        pub struct $translation {
            /// The locale of the texts.
            locale: $crate::content::given::Given<$crate::content::scalar::Locale>,
            $($text: async_graphql::MaybeUndefined<String>,)*
            $($group: async_graphql::MaybeUndefined<$group_translation>,)*
        }

        impl $crate::content::input::Translation for $translation {
            fn write(self, patch: &mut $crate::content::patch::Patch, at: usize) {
                patch.choose_translation(self.locale, &format!("translations.{at}.locale"));
                $(patch.text($crate::content::input::place("", stringify!($text), $text_field, false), self.$text);)*
                $(
                    let group = match self.$group {
                        async_graphql::MaybeUndefined::Undefined => None,
                        async_graphql::MaybeUndefined::Null => Some(<$group_translation>::cleared()),
                        async_graphql::MaybeUndefined::Value(group) => Some(group),
                    };
                    if let Some(group) = group {
                        group.write(patch, &$crate::content::input::prefix("", stringify!($group)));
                    }
                )*
            }
        }
    };
    ($translation:ident of group { $(text $text:ident => $text_field:literal;)* }) => {
        /// Texts in one locale; absent means to leave alone, null to clear.
        #[derive(Clone, Debug, async_graphql::InputObject)]
        pub struct $translation {
            $($text: async_graphql::MaybeUndefined<String>,)*
        }

        impl $translation {
            fn cleared() -> Self {
                Self { $($text: async_graphql::MaybeUndefined::Null,)* }
            }

            fn write(self, patch: &mut $crate::content::patch::Patch, prefix: &str) {
                $(patch.text($crate::content::input::place(prefix, stringify!($text), $text_field, false), self.$text);)*
            }
        }
    };
}

pub(crate) use {fields, input, texts, translation};
