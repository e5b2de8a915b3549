//! The two macros that a content type is declared with. They write names; every body is one call.

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
    ($name:ident for $table:ident, $filter:ident, $order:ident) => {
        const TYPE: entity::entry::ContentType = entity::entry::ContentType::$name;
        const NAME: &'static str = stringify!($name);
        type Model = entity::$table::Model;
        type Row = entity::$table::ActiveModel;
        type Entity = entity::$table::Entity;
        type Filter = $filter;
        type Order = $order;

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
                    $by::Id(id) => super::root::by_id(ctx, &id, view).await,
                    $by::Key(key) => super::root::by_key(ctx, key, view).await,
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
            ) -> $crate::error::Result<$crate::content::connection::Connection<$content>> {
                let page = $crate::content::page_args::RawPageArgs { first, after, last, before };
                super::list::list(ctx, page, filter, order_by.unwrap_or_default(), view).await
            }
        }
    };
}

pub(crate) use {api, content, tables};
