//! The resolvers of declared fields.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::{
    field::Field,
    kind::{Format, Kind},
};

/// What a description of Markdown ends with, and what that of its HTML ends with.
const IN_MARKDOWN: &str = "in Markdown.";
const AS_HTML: &str = "as HTML that is safe to show.";

impl Field {
    /// The resolvers of the field: one, or two for Markdown.
    pub(crate) fn resolvers(&self) -> darling::Result<TokenStream> {
        let name = &self.name;
        let (shown, value) = self.shown();
        let mut description = self.description.clone();
        let (shown, value) = if self.is_internal() {
            description.push_str(" Null unless you are signed in.");
            (shown, quote!(self.0.internal(#value)))
        } else {
            (shown, value)
        };
        let html = match self.kind {
            Kind::Text(Format::Markdown) => self.html()?,
            _ => TokenStream::new(),
        };
        Ok(quote! {
            #[doc = #description]
            async fn #name(&self) -> #shown {
                #value
            }
            #html
        })
    }

    fn html(&self) -> darling::Result<TokenStream> {
        let (name, column) = (format_ident!("{}_html", self.name), &self.column);
        let Some(start) = self.description.strip_suffix(IN_MARKDOWN) else {
            let message = format!(
                "the comment of `{}` must end with \"{IN_MARKDOWN}\"",
                self.name
            );
            return Err(darling::Error::custom(message).with_span(&self.name));
        };
        let description = format!("{start}{AS_HTML}");
        Ok(quote! {
            #[doc = #description]
            #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
            async fn #name(
                &self,
                #[graphql(desc = "The level of the largest headings in the text, 1 to 6.", default = 2)]
                heading_level: i32,
            ) -> crate::error::Result<Option<std::sync::Arc<str>>> {
                self.0.html(&self.0.#column, heading_level)
            }
        })
    }

    /// The type of what the API shows, and its value.
    fn shown(&self) -> (TokenStream, TokenStream) {
        let column = &self.column;
        if let Some(computed_by) = self.computed_by() {
            let (shown, _) = self.scalar(&quote!(crate::content::scalar::Url));
            return (shown, quote!(#computed_by(&self.0)));
        }
        match &self.kind {
            Kind::Text(_) if self.is_localised() && self.is_non_null() => {
                (quote!(&str), quote!(self.0.required_text(&self.0.#column)))
            }
            Kind::Text(_) if self.is_localised() => {
                (quote!(Option<&str>), quote!(self.0.text(&self.0.#column)))
            }
            Kind::Text(Format::Url | Format::Link) => {
                self.scalar(&quote!(crate::content::scalar::Url))
            }
            Kind::Text(_) => self.text(),
            Kind::PartialDate => self.scalar(&quote!(crate::content::scalar::PartialDate)),
            Kind::Date => self.scalar(&quote!(crate::content::scalar::Date)),
            Kind::Decimal => self.scalar(&quote!(crate::content::scalar::Decimal)),
            Kind::Integer => self.number(
                &quote!(i32),
                &quote!(crate::content::model::column::Number::whole),
            ),
            Kind::Float => self.number(
                &quote!(f64),
                &quote!(crate::content::model::column::Number::as_number),
            ),
            Kind::Flag => (quote!(bool), quote!(self.0.#column)),
            Kind::Choice(of) => (quote!(#of), quote!(self.0.#column.into())),
            Kind::Links => (
                quote!(Vec<crate::content::types::metered::Metered<crate::content::object::Link>>),
                quote!(crate::content::object::Link::all(&self.0.#column)),
            ),
            Kind::Reference(of) => (
                quote!(Option<crate::content::object::Entry<#of>>),
                quote!(self.0.one(self.0.#column)),
            ),
            Kind::References(of) => (
                quote!(Vec<<#of as crate::content::model::target::Target>::Shown>),
                quote!(self.0.many::<#of>(&self.0.#column.0)),
            ),
            Kind::Group(of) | Kind::FocalPoint(of) => (
                quote!(<#of as crate::content::model::group::Grouped>::Shown),
                quote!(<#of as crate::content::model::group::Grouped>::shown(&self.0)),
            ),
        }
    }

    fn text(&self) -> (TokenStream, TokenStream) {
        let column = &self.column;
        if self.is_non_null() {
            (quote!(&str), quote!(&self.0.#column))
        } else if self.is_required() {
            (
                quote!(&str),
                quote!(self.0.#column.as_deref().unwrap_or_default()),
            )
        } else {
            (quote!(Option<&str>), quote!(self.0.#column.as_deref()))
        }
    }

    fn scalar(&self, scalar: &TokenStream) -> (TokenStream, TokenStream) {
        let column = &self.column;
        let value = quote!(ToOwned::to_owned(&self.0.#column));
        if self.is_non_null() {
            (quote!(#scalar), quote!(#scalar(#value)))
        } else if self.is_required() {
            (quote!(#scalar), quote!(#scalar(#value.unwrap_or_default())))
        } else {
            (quote!(Option<#scalar>), quote!(#value.map(#scalar)))
        }
    }

    fn number(&self, number: &TokenStream, of: &TokenStream) -> (TokenStream, TokenStream) {
        let column = &self.column;
        if self.is_required() {
            (
                quote!(#number),
                quote!(#of(&self.0.#column).unwrap_or_default()),
            )
        } else {
            (quote!(Option<#number>), quote!(#of(&self.0.#column)))
        }
    }

    /// Its line of `filter!`, if lists can be filtered by it.
    pub(crate) fn filter(&self) -> Option<TokenStream> {
        let (name, operators) = (&self.name, self.operators()?);
        let column = format_ident!("{}", self.column.to_string().to_upper_camel_case());
        Some(quote!(#name: #operators => #column,))
    }
}

/// The lines of `input!`, in the order of what they are.
pub(crate) fn input(fields: &[Field]) -> TokenStream {
    let mut lines = [const { Vec::<TokenStream>::new() }; 5];
    for field in fields.iter().filter(|field| !field.is_read_only()) {
        let (name, stored_as, input) = (&field.name, field.stored_as(), field.kind.input());
        let (place, line) = match &field.kind {
            Kind::Text(_) if field.is_localised() => (2, quote!(text #name => #stored_as;)),
            Kind::References(_) => (3, quote!(list #name => #stored_as;)),
            Kind::Group(of) if field.is_localised() => {
                let texts = format_ident!("{of}TranslationInput");
                (4, quote!(group #name: #input, #texts;))
            }
            Kind::Group(_) | Kind::FocalPoint(_) => (4, quote!(group #name: #input;)),
            _ if field.is_required() && !field.is_in_group() => {
                (0, quote!(must #name: #input => #stored_as;))
            }
            _ => (1, quote!(value #name: #input => #stored_as;)),
        };
        lines[place].push(line);
    }
    let lines = lines.into_iter().flatten();
    quote!(#(#lines)*)
}
