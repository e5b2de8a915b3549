//! What a field holds, by the type that it is declared with.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, Ident, PathArguments, Type};

/// What a field holds.
pub(crate) enum Kind {
    Text(Format),
    PartialDate,
    Date,
    Decimal,
    Integer,
    Float,
    Flag,
    Choice(Type),
    Links,
    Reference(Type),
    References(Type),
    Group(Ident),
    FocalPoint(Ident),
}

/// What a text looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Line,
    Lines,
    Markdown,
    Slug,
    Url,
    Link,
    Email,
}

impl Kind {
    /// The kind that a type names.
    pub(crate) fn of(declared: &Type) -> darling::Result<Self> {
        let unknown = || {
            let message =
                "is no kind of field: see the table in the documentation of the crate `declare`";
            darling::Error::custom(message).with_span(declared)
        };
        let Type::Path(path) = declared else {
            return Err(unknown());
        };
        let last = path.path.segments.last().ok_or_else(unknown)?;
        let inner = match &last.arguments {
            PathArguments::None => None,
            PathArguments::AngleBracketed(of) => match of.args.first() {
                Some(GenericArgument::Type(inner)) => Some(inner.clone()),
                _ => return Err(unknown()),
            },
            PathArguments::Parenthesized(_) => return Err(unknown()),
        };
        let name = last.ident.to_string();
        Ok(match (name.as_str(), inner) {
            ("Line", None) => Self::Text(Format::Line),
            ("Lines", None) => Self::Text(Format::Lines),
            ("Markdown", None) => Self::Text(Format::Markdown),
            ("Slug", None) => Self::Text(Format::Slug),
            ("Url", None) => Self::Text(Format::Url),
            ("Link", None) => Self::Text(Format::Link),
            ("Email", None) => Self::Text(Format::Email),
            ("PartialDate", None) => Self::PartialDate,
            ("Date", None) => Self::Date,
            ("Decimal", None) => Self::Decimal,
            ("Integer", None) => Self::Integer,
            ("Float", None) => Self::Float,
            ("Flag", None) => Self::Flag,
            ("Links", None) => Self::Links,
            ("FocalPoint", None) => Self::FocalPoint(last.ident.clone()),
            ("Choice", Some(of)) => Self::Choice(of),
            ("Reference", Some(of)) => Self::Reference(of),
            ("References", Some(of)) => Self::References(of),
            ("Group", Some(Type::Path(of))) => Self::Group(of.path.require_ident()?.clone()),
            _ => return Err(unknown()),
        })
    }

    /// The group that it is, if it is one.
    pub(crate) fn group(&self) -> Option<&Ident> {
        match self {
            Self::Group(of) | Self::FocalPoint(of) => Some(of),
            _ => None,
        }
    }

    /// What `where` compares such a field with, if it can.
    pub(crate) fn operators(&self) -> Option<TokenStream> {
        let name = match self {
            Self::Text(_) => quote!(StringFilter),
            Self::PartialDate => quote!(PartialDateFilter),
            Self::Date => quote!(DateFilter),
            Self::Decimal => quote!(DecimalFilter),
            Self::Integer => quote!(IntFilter),
            _ => return None,
        };
        Some(quote!(crate::content::filter::#name))
    }

    /// The type of what an editor sends for such a field that is not localised.
    pub(crate) fn input(&self) -> TokenStream {
        match self {
            Self::Text(Format::Url | Format::Link) => quote!(crate::content::scalar::Url),
            Self::Text(_) => quote!(String),
            Self::PartialDate => quote!(crate::content::scalar::PartialDate),
            Self::Date => quote!(crate::content::scalar::Date),
            Self::Decimal => quote!(crate::content::scalar::Decimal),
            Self::Integer => quote!(i32),
            Self::Float => quote!(f64),
            Self::Flag => quote!(bool),
            Self::Choice(of) => quote!(#of),
            Self::Links => quote!(Vec<crate::content::object::LinkInput>),
            Self::Reference(_) => quote!(crate::content::given::Reference),
            Self::References(_) => quote!(crate::content::list_change::ReferencesInput),
            Self::Group(of) | Self::FocalPoint(of) => {
                let input = quote::format_ident!("{of}Input");
                quote!(#input)
            }
        }
    }
}

impl Format {
    /// The variant of `Format`.
    pub(crate) fn variant(self) -> TokenStream {
        match self {
            Self::Line => quote!(Line),
            Self::Lines => quote!(Lines),
            Self::Markdown => quote!(Markdown),
            Self::Slug => quote!(Slug),
            Self::Url => quote!(Url),
            Self::Link => quote!(Link),
            Self::Email => quote!(Email),
        }
    }
}
