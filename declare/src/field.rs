//! One declared field, and its entry in the table of fields.
#![expect(clippy::needless_continue, reason = "the code that darling derives")]

use darling::{FromField, util::Flag};
use heck::{ToLowerCamelCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Expr, Ident, LitStr, Path, Type, spanned::Spanned};

use crate::kind::{Format, Kind};

/// What `#[field(…)]` says.
#[derive(FromField)]
#[darling(attributes(field), forward_attrs(doc))]
pub(crate) struct FieldArgs {
    ident: Option<Ident>,
    ty: Type,
    attrs: Vec<Attribute>,
    localised: Flag,
    max: Option<Expr>,
    min: Option<Expr>,
    required: Flag,
    publish: Flag,
    publish_when: Option<Path>,
    internal: Flag,
    read_only: Flag,
    filter: Flag,
    filter_by: Option<Path>,
    sort: Flag,
    sort_name: Flag,
    unique: Flag,
    unique_within: Option<LitStr>,
    not_before: Option<Ident>,
    column: Option<Ident>,
    with: Option<Path>,
}

/// A declared field.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
    pub(crate) description: String,
    pub(crate) column: Ident,
    /// The path of the group that it is in, with a point behind it.
    prefix: String,
    args: FieldArgs,
}

impl Field {
    /// The fields of a struct, in a group or in none.
    pub(crate) fn all(item: &syn::ItemStruct, group: Option<&str>) -> darling::Result<Vec<Self>> {
        let mut errors = darling::Error::accumulator();
        let fields = item.fields.iter().filter_map(|field| {
            errors.handle(FieldArgs::from_field(field).and_then(|args| Self::of(args, group)))
        });
        let fields = fields.collect();
        errors.finish_with(fields)
    }

    fn of(args: FieldArgs, group: Option<&str>) -> darling::Result<Self> {
        let wrong = |message: &str| {
            let name = args.ident.as_ref().map(ToString::to_string);
            let message = format!("`{}` {message}", name.unwrap_or_default());
            Err(darling::Error::custom(message).with_span(&args.ty.span()))
        };
        let Some(name) = args.ident.clone() else {
            return wrong("has no name");
        };
        let kind = Kind::of(&args.ty)?;
        let description = description(&args.attrs);
        if description.is_empty() {
            return wrong("needs a comment, which becomes its description in the schema");
        }
        let needs_max = match kind {
            Kind::Text(format) => !matches!(format, Format::Url | Format::Link),
            Kind::Integer | Kind::Float | Kind::Links | Kind::References(_) => true,
            _ => false,
        };
        if needs_max && args.max.is_none() {
            return wrong("needs a limit: `max = …`");
        }
        if matches!(kind, Kind::Text(Format::Markdown)) && !args.localised.is_present() {
            return wrong("must be `localised`, as all Markdown");
        }
        if args.filter.is_present() && kind.operators().is_none() {
            return wrong("has no usual operators: `filter_by = …`");
        }
        if group.is_some() && (args.publish.is_present() || kind.group().is_some()) {
            return wrong("stands in a group, where nothing is `publish`, and no group");
        }
        let is_listed_by = args.filter.is_present()
            || args.filter_by.is_some()
            || args.sort.is_present()
            || args.sort_name.is_present();
        if args.internal.is_present() && is_listed_by {
            return wrong("is `internal`: lists that are filtered or sorted by it would tell it");
        }
        let column = args.column.clone().unwrap_or_else(|| match group {
            Some(group) => format_ident!("{group}_{name}"),
            None => name.clone(),
        });
        let prefix = group.map(|group| format!("{}.", group.to_lower_camel_case()));
        Ok(Self {
            name,
            kind,
            description,
            column,
            prefix: prefix.unwrap_or_default(),
            args,
        })
    }

    pub(crate) fn is_localised(&self) -> bool {
        self.args.localised.is_present()
    }

    pub(crate) fn is_internal(&self) -> bool {
        self.args.internal.is_present()
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.args.read_only.is_present()
    }

    pub(crate) fn is_required(&self) -> bool {
        self.args.required.is_present()
    }

    pub(crate) fn is_unique(&self) -> bool {
        self.args.unique.is_present()
    }

    /// Whether every public entry has it, so that the schema says so.
    pub(crate) fn is_non_null(&self) -> bool {
        self.args.publish.is_present() || (self.is_required() && !self.is_in_group())
    }

    pub(crate) fn is_in_group(&self) -> bool {
        !self.prefix.is_empty()
    }

    /// What computes it of the row.
    pub(crate) fn computed_by(&self) -> Option<&Path> {
        self.args.with.as_ref()
    }

    /// Its path in the API.
    pub(crate) fn path(&self) -> String {
        format!(
            "{}{}",
            self.prefix,
            self.name.to_string().to_lower_camel_case()
        )
    }

    /// Its name in the JSON of the row.
    pub(crate) fn stored_as(&self) -> String {
        self.column.to_string().to_lower_camel_case()
    }

    /// What lists compare it with, if they can be filtered by it.
    pub(crate) fn operators(&self) -> Option<TokenStream> {
        match &self.args.filter_by {
            Some(operators) => Some(quote!(#operators)),
            None if self.args.filter.is_present() => self.kind.operators(),
            None => None,
        }
    }

    /// The column that lists are sorted by, if they can be sorted by the field.
    pub(crate) fn sorted_by(&self) -> Option<Ident> {
        if self.args.sort_name.is_present() {
            return Some(format_ident!("{}_sort", self.column));
        }
        self.args.sort.is_present().then(|| self.column.clone())
    }

    /// What writes its sort key into a row, if it has one.
    pub(crate) fn sort_key(&self) -> Option<TokenStream> {
        let (column, sort) = (&self.column, self.sorted_by()?);
        let write =
            quote!(|row| row.#sort = crate::content::model::column::Named::sort_key(&row.#column));
        self.args.sort_name.is_present().then_some(write)
    }

    /// Its entry in the table of fields.
    pub(crate) fn entry(&self) -> TokenStream {
        let (path, stored_as, column) = (self.path(), self.stored_as(), self.column.to_string());
        let (description, kind) = (&self.description, self.kind_entry());
        let (required, unique) = (self.requirement(), self.uniqueness());
        let (localised, internal) = (self.is_localised(), self.is_internal());
        let (read_only, filterable) = (self.is_read_only(), self.operators().is_some());
        let sortable = self.sorted_by().is_some();
        let (not_before, get) = (self.not_before(), self.getter());
        quote! {
            Field {
                path: #path,
                stored_as: #stored_as,
                column: #column,
                description: #description,
                kind: #kind,
                is_localised: #localised,
                required: #required,
                is_internal: #internal,
                is_read_only: #read_only,
                is_filterable: #filterable,
                is_sortable: #sortable,
                unique: #unique,
                not_before: #not_before,
                get: #get,
            }
        }
    }

    fn kind_entry(&self) -> TokenStream {
        let (min, max) = (&self.args.min, &self.args.max);
        match &self.kind {
            Kind::Text(format) => {
                let variant = format.variant();
                let max = max.as_ref().map_or_else(
                    || quote!(crate::content::model::field::MAX_URL_CHARS),
                    |max| quote!(#max),
                );
                quote!(Kind::Text(Format::#variant, #max))
            }
            Kind::PartialDate => quote!(Kind::PartialDate),
            Kind::Date => quote!(Kind::Date),
            Kind::Decimal => quote!(Kind::Decimal),
            Kind::Integer => quote!(Kind::Integer(#min, #max)),
            Kind::Float => quote!(Kind::Float(#min, #max)),
            Kind::Flag => quote!(Kind::Flag),
            Kind::Choice(of) => quote!(Kind::Choice(crate::content::model::column::choices::<#of>)),
            Kind::Links => quote!(Kind::Links(#max)),
            Kind::Reference(of) => quote!(Kind::Reference(<#of as crate::content::Content>::TYPE)),
            Kind::References(of) => {
                quote!(Kind::References(<#of as crate::content::model::target::Target>::TYPES, #max))
            }
            Kind::Group(_) | Kind::FocalPoint(_) => TokenStream::new(),
        }
    }

    fn requirement(&self) -> TokenStream {
        let args = &self.args;
        if let Some(condition) = &args.publish_when {
            quote!(Requirement::ToPublishIf(#condition.0, #condition.1))
        } else if args.publish.is_present() {
            quote!(Requirement::ToPublish)
        } else if self.is_required() && self.is_in_group() {
            quote!(Requirement::WithGroup)
        } else if self.is_required() {
            quote!(Requirement::ToSave)
        } else {
            quote!(Requirement::Never)
        }
    }

    fn uniqueness(&self) -> TokenStream {
        if let Some(list) = &self.args.unique_within {
            let list = list.value();
            let (owner, path) = list.split_once('.').unwrap_or((&list, ""));
            let owner = format_ident!("{owner}");
            return quote!(Unique::Within(entity::entry::ContentType::#owner, #path));
        }
        if self.is_unique() {
            quote!(Unique::OfType)
        } else {
            quote!(Unique::No)
        }
    }

    fn not_before(&self) -> TokenStream {
        let Some(other) = &self.args.not_before else {
            return quote!(None);
        };
        let (own, name) = (&self.column, other.to_string().to_lower_camel_case());
        let group = self.column.to_string();
        let group = group
            .strip_suffix(&self.name.to_string())
            .unwrap_or_default();
        let other = format_ident!("{group}{other}");
        quote! {
            Some(NotBefore {
                other: #name,
                is_before: |row| crate::content::model::column::lies_before(&row.#own, &row.#other),
            })
        }
    }

    fn getter(&self) -> TokenStream {
        let column = &self.column;
        let stored = match &self.kind {
            Kind::Text(_) if self.is_localised() => quote!(Stored::Texts(&row.#column)),
            Kind::Text(_) => {
                quote!(Stored::Text(crate::content::model::column::Text::as_text(&row.#column)))
            }
            Kind::Integer | Kind::Float => {
                quote!(Stored::Number(crate::content::model::column::Number::as_number(&row.#column)))
            }
            Kind::PartialDate | Kind::Date | Kind::Decimal => {
                quote!(Stored::Checked(crate::content::model::column::Value::is_given(&row.#column)))
            }
            Kind::Flag | Kind::Choice(_) | Kind::Group(_) | Kind::FocalPoint(_) => {
                return quote!(|_| Stored::Checked(true));
            }
            Kind::Links => quote!(Stored::Links(&row.#column.0)),
            Kind::Reference(_) => quote!(Stored::One(row.#column)),
            Kind::References(_) => quote!(Stored::Many(&row.#column.0)),
        };
        quote!(|row| #stored)
    }

    /// Its line of `order!`, if lists can be sorted by it.
    pub(crate) fn order(&self, table: &Ident) -> Option<TokenStream> {
        let sorted_by = self.sorted_by()?;
        let variant = format_ident!("{}", self.name.to_string().to_upper_camel_case());
        let column = format_ident!("{}", sorted_by.to_string().to_upper_camel_case());
        let key = if matches!(self.kind, Kind::Choice(_)) {
            quote!((&sea_orm::ActiveEnum::to_value(&row.content.#sorted_by)).into())
        } else {
            quote!(crate::content::order::Keyed::key(&row.content.#sorted_by))
        };
        Some(quote!(#variant => entity::#table::Column::#column, |row| #key;))
    }
}

/// The text of comments.
pub(crate) fn description(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| {
        let Expr::Lit(text) = &attr.meta.require_name_value().ok()?.value else {
            return None;
        };
        match &text.lit {
            syn::Lit::Str(line) if attr.path().is_ident("doc") => {
                Some(line.value().trim().to_owned())
            }
            _ => None,
        }
    });
    let lines: Vec<String> = lines.collect();
    lines.join(" ").trim().to_owned()
}
