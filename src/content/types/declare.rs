//! The macros that a content type is declared with. They write names; every body is one call.

/// Declares the object of a content type around its loaded row.
macro_rules! content {
    ($name:ident for $table:ident) => {
        /// The fields of the content type.
        #[derive(Clone)]
        pub struct $name($crate::content::scope::Loaded<entity::$table::Model>);

        impl From<$crate::content::scope::Loaded<entity::$table::Model>> for $name {
            fn from(loaded: $crate::content::scope::Loaded<entity::$table::Model>) -> Self {
                Self(loaded)
            }
        }
    };
}

/// Fills in the part of `Content` that follows from the names.
macro_rules! tables {
    ($name:ident for $table:ident, $filter:ident, $order:ident, $input:ident, $translation:ident) => {
        const TYPE: entity::entry::ContentType = entity::entry::ContentType::$name;
        const NAME: &'static str = stringify!($name);
        type Model = entity::$table::Model;
        type Row = entity::$table::ActiveModel;
        type Entity = entity::$table::Entity;
        type Filter = $filter;
        type Order = $order;
        type Input = $input;
        type Translation = $translation;

        fn loaded(&self) -> &$crate::content::scope::Loaded<Self::Model> {
            &self.0
        }
    };
}

/// Declares the root fields of a content type: one entry, and a list of them.
macro_rules! api {
    ($content:ident {
        query: $query:ident, by: $by:ident, one: $one:ident, many: $many:ident, where: $filter:ident, order: $order:ident
        $(, $variant:ident: $find:path)?
    }) => {
        /// What names an entry: exactly one of these.
        #[derive(Clone, Debug, async_graphql::OneofObject)]
        pub enum $by {
            /// Its id.
            Id(async_graphql::ID),
            /// Its key.
            Key(String),
            $(
                #[doc = concat!("Its `", stringify!($variant), "`, present or former.")]
                $variant(String),
            )?
        }

        /// Root fields of the content type.
        #[derive(Default)]
        pub struct $query;

        #[async_graphql::Object]
        impl $query {
            #[doc = concat!("The ", stringify!($content), " that is named, if the view shows it.")]
            async fn $one(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "What names it.")] by: $by,
                #[graphql(desc = "What to look at; everything below inherits it.")]
                view: Option<$crate::content::view::ContentView>,
            ) -> $crate::error::Result<Option<$crate::content::object::Entry<$content>>> {
                match by {
                    $by::Id(id) => $crate::content::types::root::by_id(ctx, &id, view).await,
                    $by::Key(key) => $crate::content::types::root::by_key(ctx, key, view).await,
                    $($by::$variant(value) => $find(ctx, value, view).await,)?
                }
            }

            #[doc = concat!("A page of the list of `", stringify!($content), "` entries that the view shows.")]
            #[expect(clippy::too_many_arguments, reason = "GraphQL's arguments cannot be taken as a struct")]
            async fn $many(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")] first: Option<i32>,
                #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
                #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
                #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
                #[graphql(name = "where", desc = "Which entries the list holds.")] filter: Option<$filter>,
                #[graphql(desc = "The order of the list; at most 3 steps.")] order_by: Option<Vec<$order>>,
                #[graphql(desc = "What to look at; everything below inherits it.")]
                view: Option<$crate::content::view::ContentView>,
            ) -> $crate::error::Result<$crate::content::connection::Connection<$crate::content::object::Entry<$content>>> {
                let page = $crate::content::page_args::RawPageArgs { first, after, last, before };
                $crate::content::types::list::list(ctx, page, filter, order_by.unwrap_or_default(), view).await
            }
        }
    };
}

/// Declares the mutations that create and change an entry of a content type, or change it alone.
macro_rules! mutations {
    ($content:ident {
        mutation: $mutation:ident, field: $field:ident as $shown:literal,
        $(create: $create:ident($create_input:ident) -> $create_payload:ident,)?
        update: $update:ident($update_input:ident) -> $update_payload:ident
    }) => {
        $(
            $crate::content::types::declare::payload!($content, $field, $create_payload);
            $crate::content::types::declare::create_input!($content, $create_input);
        )?
        $crate::content::types::declare::payload!($content, $field, $update_payload);
        $crate::content::types::declare::update_input!($content, $update_input);

        /// Mutations of the content type.
        #[derive(Default)]
        pub struct $mutation;

        #[async_graphql::Object]
        impl $mutation {
            $(
                #[doc = concat!("Creates one `", stringify!($content), "`, a draft.")]
                async fn $create(
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    #[graphql(desc = "The new entry.")] input: $create_input,
                ) -> $crate::error::Result<$create_payload> {
                    let (entry, user_errors) = input.run(ctx, $shown).await?;
                    Ok($create_payload {
                        $field: entry,
                        user_errors,
                    })
                }
            )?

            #[doc = concat!("Saves a new revision of one `", stringify!($content), "`.")]
            async fn $update(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "What is to change.")] input: $update_input,
            ) -> $crate::error::Result<$update_payload> {
                let (entry, user_errors) = input.run(ctx, $shown).await?;
                Ok($update_payload {
                    $field: entry,
                    user_errors,
                })
            }
        }
    };
}

/// Declares what an editor sends to create an entry.
macro_rules! create_input {
    ($content:ident, $create_input:ident) => {
        /// A new entry, which is a draft.
        #[derive(Clone, Debug, async_graphql::InputObject)]
        pub struct $create_input {
            /// Name by which the outside world is to know the entry; unique within its type.
            key: Option<String>,
            /// The locale of the texts in `content`; the site's default locale if there is none.
            locale: Option<$crate::content::given::Given<$crate::content::scalar::Locale>>,
            /// The fields.
            content: <$content as $crate::content::Content>::Input,
            /// Texts in other locales.
            translations: Option<Vec<<$content as $crate::content::Content>::Translation>>,
            /// Why, for the history.
            message: Option<String>,
        }

        impl $create_input {
            async fn run(
                self,
                ctx: &async_graphql::Context<'_>,
                field: &str,
            ) -> $crate::content::types::mutation::Outcome<$content> {
                let circumstances = $crate::content::types::mutation::Circumstances {
                    field,
                    message: self.message,
                };
                let edit = $crate::content::input::Edit::<$content> {
                    locale: self.locale,
                    content: Some(self.content),
                    translations: self.translations.unwrap_or_default(),
                };
                let empty = Default::default();
                $crate::content::types::mutation::create(ctx, circumstances, self.key, empty, edit)
                    .await
            }
        }
    };
}

/// Declares what a mutation gives back.
macro_rules! payload {
    ($content:ident, $field:ident, $payload:ident) => {
        /// What came of it.
        #[derive(async_graphql::SimpleObject)]
        pub struct $payload {
            /// The entry, as a draft; null if nothing was changed.
            $field: Option<$crate::content::object::Entry<$content>>,
            /// What is to be put right; then nothing was changed.
            user_errors: Vec<$crate::content::user_error::UserError>,
        }
    };
}

/// Declares what an editor sends to change an entry.
macro_rules! update_input {
    ($content:ident, $update_input:ident) => {
        /// Changes of an entry: what is absent is left alone, what is null is cleared.
        #[derive(Clone, Debug, async_graphql::InputObject)]
        pub struct $update_input {
            /// The entry.
            id: async_graphql::ID,
            /// The revision that the changes are based on. What others changed since is merged; what clashes is told.
            expected_revision: $crate::content::given::Given<i32>,
            /// The locale of the texts in `content`; the site's default locale if there is none.
            locale: Option<$crate::content::given::Given<$crate::content::scalar::Locale>>,
            /// The fields.
            content: Option<<$content as $crate::content::Content>::Input>,
            /// Texts in other locales.
            translations: Option<Vec<<$content as $crate::content::Content>::Translation>>,
            /// Why, for the history.
            message: Option<String>,
            /// Whether the editor's program saves by itself: such saves take the place of each other, for five minutes, unless
            /// they were public.
            #[graphql(default)]
            autosave: bool,
        }

        impl $update_input {
            async fn run(
                self,
                ctx: &async_graphql::Context<'_>,
                field: &str,
            ) -> $crate::content::types::mutation::Outcome<$content> {
                let circumstances = $crate::content::types::mutation::Circumstances {
                    field,
                    message: self.message,
                };
                let edit = $crate::content::input::Edit::<$content> {
                    locale: self.locale,
                    content: self.content,
                    translations: self.translations.unwrap_or_default(),
                };
                $crate::content::types::mutation::update(
                    ctx,
                    circumstances,
                    &self.id,
                    (self.expected_revision, self.autosave),
                    edit,
                )
                .await
            }
        }
    };
}

pub(crate) use {api, content, create_input, mutations, payload, tables, update_input};
