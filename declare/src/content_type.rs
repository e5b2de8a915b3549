//! Content types.

use darling::{FromMeta, util::Flag};
use heck::{ToLowerCamelCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, ItemStruct, Path};

use crate::{
    field::{Field, description},
    kind::Kind,
    resolver::input,
};

/// What `#[content_type(…)]` says.
#[derive(FromMeta)]
pub(crate) struct TypeArgs {
    #[darling(multiple)]
    label: Vec<Ident>,
    thumbnail: Option<Ident>,
    is_thumbnail: Flag,
    positioned: Flag,
    many: Option<Ident>,
    computed: Option<Path>,
    without_create: Flag,
}

struct Type<'a> {
    args: &'a TypeArgs,
    name: &'a Ident,
    table: Ident,
    many: Ident,
    about: String,
    fields: Vec<Field>,
}

/// The object of a content type, its root fields and inputs, and `impl Content`.
pub(crate) fn expand(args: &TypeArgs, item: &ItemStruct) -> darling::Result<TokenStream> {
    let name = &item.ident;
    let table = format_ident!("{}", name.to_string().to_snake_case());
    let many = args.many.clone();
    let declared = Type {
        name,
        many: many.unwrap_or_else(|| format_ident!("{table}s")),
        table,
        about: description(&item.attrs),
        fields: Field::all(item, None)?,
        args,
    };
    declared.named(args.label.iter().chain(&args.thumbnail))?;
    let (object, content) = (declared.object()?, declared.content());
    let (queries, mutations) = (declared.queries(), declared.mutations());
    Ok(quote!(#object #content #queries #mutations))
}

impl Type<'_> {
    /// Refuses names that are those of no public field, and groups with other names than their own.
    fn named<'a>(&self, names: impl Iterator<Item = &'a Ident>) -> darling::Result<()> {
        for name in names {
            let is_shown = |field: &Field| field.name == *name && !field.is_internal();
            if !self.fields.iter().any(is_shown) {
                let message = format!("`{}` has no field `{name}` that everybody sees", self.name);
                return Err(darling::Error::custom(message).with_span(name));
            }
        }
        for field in &self.fields {
            let group = field.kind.group().map(|of| of.to_string().to_snake_case());
            if group.is_some_and(|group| field.name != group) {
                let message = format!("`{}` must have the name of its group", field.name);
                return Err(darling::Error::custom(message).with_span(&field.name));
            }
        }
        Ok(())
    }

    fn object(&self) -> darling::Result<TokenStream> {
        let (name, table) = (self.name, &self.table);
        let object = format!("{name}Fields");
        let resolvers = self.fields.iter().map(Field::resolvers);
        let resolvers: TokenStream = resolvers.collect::<darling::Result<_>>()?;
        let computed = self.args.computed.as_ref().map(|computed| {
            quote! {
                #[graphql(flatten)]
                async fn computed(&self) -> #computed<'_> {
                    #computed(&self.0)
                }
            }
        });
        Ok(quote! {
            crate::content::types::declare::content!(#name for #table);

            #[async_graphql::Object(name = #object)]
            impl #name {
                #resolvers
                #computed
            }
        })
    }

    fn content(&self) -> TokenStream {
        let (name, table, about) = (self.name, &self.table, &self.about);
        let [filter, order, input, texts] =
            self.names(["Filter", "Order", "Input", "TranslationInput"]);
        let (many, positioned) = (self.many.to_string(), self.args.positioned.is_present());
        let (parts, count) = self.parts();
        let groups = self.groups();
        let sort_keys = self.fields.iter().filter_map(Field::sort_key);
        let labels = self.args.label.iter().map(camel_case);
        let thumbnail = match &self.args.thumbnail {
            Some(field) => {
                let path = camel_case(field);
                quote!(Thumbnail::Field(#path))
            }
            None if self.args.is_thumbnail.is_present() => quote!(Thumbnail::Itself),
            None => quote!(Thumbnail::None),
        };
        quote! {
            const _: () = {
                use crate::content::{
                    Content, Thumbnail,
                    model::{
                        field::{Field, Group, Kind, NotBefore, Requirement, Stored, Unique, joined},
                        format::Format,
                    },
                };

                impl Content for #name {
                    crate::content::types::declare::tables!(#name for #table, #filter, #order, #input, #texts);
                    const ABOUT: &'static str = #about;
                    const MANY: &'static str = #many;
                    const POSITIONED: bool = #positioned;
                    const FIELDS: &'static [Field<entity::#table::Model>] =
                        &joined::<entity::#table::Model, { #(#count)+* }>(&[#(#parts),*]);
                    const GROUPS: &'static [Group] = &[#(#groups),*];
                    const SORT_KEYS: &'static [fn(&mut entity::#table::Model)] = &[#(#sort_keys),*];
                    const LABELS: &'static [&'static str] = &[#(#labels),*];
                    const THUMBNAIL: Thumbnail = #thumbnail;
                }
            };
        }
    }

    /// The fields in their order, those of groups as the groups declare them; and how many those are.
    fn parts(&self) -> (Vec<TokenStream>, Vec<TokenStream>) {
        let part = |field: &Field| {
            if let Some(of) = field.kind.group() {
                return (quote!(&#of::FIELDS), quote!(#of::FIELDS.len()));
            }
            let entry = field.entry();
            (quote!(&[#entry]), quote!(1))
        };
        self.fields.iter().map(part).unzip()
    }

    fn groups(&self) -> Vec<TokenStream> {
        let group = |field: &Field| {
            let (path, description) = (field.path(), &field.description);
            let (internal, point) = (
                field.is_internal(),
                matches!(field.kind, Kind::FocalPoint(_)),
            );
            field.kind.group().map(|_| {
                quote! {
                    Group {
                        path: #path,
                        description: #description,
                        is_internal: #internal,
                        is_point: #point,
                    }
                }
            })
        };
        self.fields.iter().filter_map(group).collect()
    }

    fn queries(&self) -> TokenStream {
        let (name, table, many) = (self.name, &self.table, &self.many);
        let [filter, order, order_field, input_name, texts, query, by] = self.names([
            "Filter",
            "Order",
            "OrderField",
            "Input",
            "TranslationInput",
            "Query",
            "By",
        ]);
        let lines = input(&self.fields);
        let filters = self.fields.iter().filter_map(Field::filter);
        let orders = self.fields.iter().filter_map(|field| field.order(table));
        let (default, position) = if self.args.positioned.is_present() {
            let key = quote!((&row.entry.position).into());
            let position = quote!(Position => entity::entry::Column::Position, |row| #key;);
            (quote!(Position), position)
        } else {
            (quote!(CreatedAt), TokenStream::new())
        };
        let unique: Vec<&Field> = self
            .fields
            .iter()
            .filter(|field| field.is_unique())
            .collect();
        let finders = unique.iter().map(|field| self.finder(field));
        let variants = unique.iter().map(|field| {
            let variant = format_ident!("{}", field.name.to_string().to_upper_camel_case());
            let find = format_ident!("by_{}", field.name);
            quote!(, #variant: #find)
        });
        quote! {
            crate::content::input::input!(#input_name, #texts { #lines });
            crate::content::filter::filter!(#filter for #table { #(#filters)* });
            crate::content::order::order!(#order by #order_field for #table, default #default { #position #(#orders)* });
            #(#finders)*
            crate::content::types::declare::api!(#name {
                query: #query, by: #by, one: #table, many: #many, where: #filter, order: #order #(#variants)*
            });
        }
    }

    /// The function that finds an entry by a unique field.
    fn finder(&self, field: &Field) -> TokenStream {
        let (name, find) = (self.name, format_ident!("by_{}", field.name));
        let path = field.path();
        quote! {
            async fn #find(
                ctx: &async_graphql::Context<'_>,
                value: String,
                view: Option<crate::content::view::ContentView>,
            ) -> crate::error::Result<Option<crate::content::object::Entry<#name>>> {
                crate::content::types::find::by_unique::<#name>(ctx, #path, value, view).await
            }
        }
    }

    fn mutations(&self) -> TokenStream {
        let (name, table) = (self.name, &self.table);
        let shown = table.to_string().to_lower_camel_case();
        let mutation = format_ident!("{name}Mutation");
        let update = format_ident!("update_{table}");
        let update_input = format_ident!("Update{name}Input");
        let update_payload = format_ident!("Update{name}Payload");
        let create = (!self.args.without_create.is_present()).then(|| {
            let create = format_ident!("create_{table}");
            let create_input = format_ident!("Create{name}Input");
            let create_payload = format_ident!("Create{name}Payload");
            quote!(create: #create(#create_input) -> #create_payload,)
        });
        quote! {
            crate::content::types::declare::mutations!(#name {
                mutation: #mutation, field: #table as #shown,
                #create
                update: #update(#update_input) -> #update_payload
            });
        }
    }

    /// The names of what belongs to the type.
    fn names<const COUNT: usize>(&self, suffixes: [&str; COUNT]) -> [Ident; COUNT] {
        suffixes.map(|suffix| format_ident!("{}{suffix}", self.name))
    }
}

fn camel_case(name: &Ident) -> String {
    name.to_string().to_lower_camel_case()
}
