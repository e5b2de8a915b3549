//! Groups of fields.

use darling::{FromMeta, util::Flag};
use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, ItemStruct};

use crate::{
    field::{Field, description},
    resolver::input,
};

/// What `#[group(…)]` says.
#[derive(FromMeta)]
pub(crate) struct GroupArgs {
    of: Ident,
    always: Flag,
}

/// The object of a group, its fields, and what editors send of it.
pub(crate) fn expand(args: &GroupArgs, item: &ItemStruct) -> darling::Result<TokenStream> {
    let (vis, name, about) = (&item.vis, &item.ident, description(&item.attrs));
    let shown_as = name.to_string();
    let fields = Field::all(item, Some(&shown_as.to_snake_case()))?;
    let resolvers: TokenStream = fields
        .iter()
        .map(Field::resolvers)
        .collect::<darling::Result<_>>()?;
    let entries = fields.iter().map(Field::entry);
    let (model, count) = (&args.of, fields.len());
    let (shown, value) = if args.always.is_present() {
        (
            quote!(Metered<Self>),
            quote!(Metered(Self(Clone::clone(loaded)))),
        )
    } else {
        let value = quote! {
            is_given(&Self::FIELDS, loaded).then(|| Metered(Self(Clone::clone(loaded))))
        };
        (quote!(Option<Metered<Self>>), value)
    };
    let inputs = {
        let input_name = format_ident!("{name}Input");
        let lines = input(&fields);
        if fields.iter().any(Field::is_localised) {
            let texts = format_ident!("{name}TranslationInput");
            quote!(crate::content::input::input!(group #input_name, #texts { #lines });)
        } else {
            quote!(crate::content::input::input!(group #input_name { #lines });)
        }
    };
    Ok(quote! {
        #[doc = #about]
        #[derive(Clone)]
        #vis struct #name(crate::content::scope::Loaded<entity::#model::Model>);

        #[doc = #about]
        #[async_graphql::Object(name = #shown_as)]
        impl #name {
            #resolvers
        }

        const _: () = {
            use crate::content::{
                model::{
                    field::{Field, Kind, NotBefore, Requirement, Stored, Unique},
                    format::Format,
                    group::{Grouped, is_given},
                },
                scope::Loaded,
                types::metered::Metered,
            };

            impl #name {
                #[doc = "Its fields."]
                pub(in crate::content) const FIELDS: [Field<entity::#model::Model>; #count] = [#(#entries),*];
            }

            impl Grouped for #name {
                type Model = entity::#model::Model;
                type Shown = #shown;

                fn shown(loaded: &Loaded<Self::Model>) -> Self::Shown {
                    #value
                }
            }
        };

        #inputs
    })
}
