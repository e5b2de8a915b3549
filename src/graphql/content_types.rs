//! What content types there are, and what may be written of each: for editors' forms, imports and whoever else is not built for one site.

use async_graphql::{Context, Enum, Object, SimpleObject};
use entity::entry::ContentType;
use sea_orm::Iterable;

use super::{account::reader, may_introspect};
use crate::{
    auth::Principal,
    content::{
        Content, Thumbnail,
        input::camel_case,
        model::{
            field::{Field, Group, Kind, Requirement, Unique},
            format::Format,
        },
        types::{EntryType, for_type, metered::Metered},
    },
    error::{Error, Result},
};

/// Root fields about content types.
#[derive(Default)]
pub struct ContentTypesQuery;

#[Object]
impl ContentTypesQuery {
    /// What content types there are, with their fields and limits. Like introspection, it is for those who are signed in and for tokens.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn content_types(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<Metered<ContentTypeDescription>>> {
        let principal = &reader(ctx)?.principal;
        if matches!(principal, Principal::Anonymous) {
            return Err(Error::Unauthenticated);
        }
        if !may_introspect(principal) {
            return Err(Error::Forbidden("ask for the content types"));
        }
        let types = ContentType::iter();
        let types = types.map(|of| Metered(for_type!(of, C => describe::<C>())));
        Ok(types.collect())
    }
}

/// A content type.
#[derive(SimpleObject)]
pub struct ContentTypeDescription {
    /// Which type it is.
    r#type: EntryType,
    /// Its name, such as `Story section`.
    name: String,
    /// The name of several of its entries.
    plural_name: String,
    /// What it is.
    description: &'static str,
    /// Whether its entries have an order of their own.
    is_positioned: bool,
    /// The path of the field by which its entries are called.
    label_field: Option<&'static str>,
    /// The path of the picture that stands for an entry; null where there is none, and where the entry itself is one.
    thumbnail_field: Option<&'static str>,
    /// The root fields for its entries.
    operations: Metered<ContentTypeOperations>,
    /// Its fields: groups before what is in them, otherwise in the order of forms.
    fields: Vec<Metered<FieldDescription>>,
}

/// The root fields for the entries of a content type.
#[derive(SimpleObject)]
pub struct ContentTypeOperations {
    /// The query for one of them.
    one: String,
    /// The query for a list of them.
    many: String,
    /// The mutation that creates one.
    create: String,
    /// The mutation that saves a new revision of one.
    update: String,
}

/// A field of a content type.
#[derive(Default, SimpleObject)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the API says of a field"
)]
pub struct FieldDescription {
    /// Its path, such as `title` or `seo.title`: where it is in the entry, in what is written, and in `userErrors`.
    path: &'static str,
    /// What it is, in a sentence.
    description: &'static str,
    /// What it holds.
    kind: FieldKind,
    /// What a text must look like, in words, to follow its kind; null where that says all.
    format: Option<&'static str>,
    /// Whether it has a value per locale.
    is_localised: bool,
    /// The most characters of a text, in each locale; of a link, of its address.
    max_length: Option<i32>,
    /// The most items of a list.
    max_items: Option<i32>,
    /// The least number.
    min: Option<f64>,
    /// The greatest number.
    max: Option<f64>,
    /// The types of the entries that it can refer to.
    targets: Option<Vec<EntryType>>,
    /// The words that it can be.
    choices: Option<Vec<&'static str>>,
    /// Whether nothing can be saved without it.
    required_to_save: bool,
    /// Whether nothing can be published without it.
    required_to_publish: bool,
    /// When it is required, in words, if it is so only then.
    required_when: Option<&'static str>,
    /// The path of the date before which it must not lie.
    not_before: Option<String>,
    /// Whether its value must be another one in each public entry of the type, or in each that stands in the same list.
    is_unique: bool,
    /// Whether only signed-in readers see it.
    is_internal: bool,
    /// Whether nobody writes it.
    is_read_only: bool,
    /// Whether lists can be filtered by it.
    is_filterable: bool,
    /// Whether lists can be sorted by it.
    is_sortable: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum FieldKind {
    /// Fields that belong together; theirs follow.
    #[default]
    Group,
    /// A group of two numbers: a point of a picture, from the left and from the top, 0 to 1.
    FocalPoint,
    /// A text on one line.
    Line,
    /// A text of any number of lines.
    Text,
    /// A text in Markdown.
    Markdown,
    /// Lower-case words of letters and digits, joined by hyphens.
    Slug,
    /// An absolute address.
    Url,
    /// An absolute address, or one within the site.
    Link,
    /// An e-mail address.
    Email,
    /// A day, a month or a year.
    PartialDate,
    /// A day.
    Date,
    /// An exact number.
    Decimal,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// One of several words.
    Choice,
    /// Labels and addresses.
    Links,
    /// Another entry.
    Reference,
    /// Other entries in their order.
    References,
}

impl From<Format> for FieldKind {
    fn from(format: Format) -> Self {
        match format {
            Format::Line => Self::Line,
            Format::Lines => Self::Text,
            Format::Markdown => Self::Markdown,
            Format::Slug => Self::Slug,
            Format::Url => Self::Url,
            Format::Link => Self::Link,
            Format::Email => Self::Email,
        }
    }
}

fn describe<C: Content>() -> ContentTypeDescription {
    let name = capitalized(&C::in_words());
    let many = camel_case(C::MANY);
    let thumbnail_field = match C::THUMBNAIL {
        Thumbnail::Field(path) => Some(path),
        Thumbnail::None | Thumbnail::Itself => None,
    };
    ContentTypeDescription {
        r#type: C::TYPE.into(),
        plural_name: capitalized(&C::MANY.replace('_', " ")),
        name,
        description: C::ABOUT,
        is_positioned: C::POSITIONED,
        label_field: C::LABELS.first().copied(),
        thumbnail_field,
        operations: Metered(ContentTypeOperations {
            one: lower_first(C::NAME),
            many,
            create: format!("create{}", C::NAME),
            update: format!("update{}", C::NAME),
        }),
        fields: fields::<C>().into_iter().map(Metered).collect(),
    }
}

/// The fields of a type, each group before its first one.
fn fields<C: Content>() -> Vec<FieldDescription> {
    let mut described: Vec<FieldDescription> = Vec::new();
    for field in C::FIELDS {
        let group = field.path.rsplit_once('.').map(|(group, _)| group);
        let group = group.and_then(|path| C::GROUPS.iter().find(|group| group.path == path));
        if let Some(group) = group
            && !described.iter().any(|known| known.path == group.path)
        {
            described.push(of_group::<C>(group));
        }
        let described_field = of_field(field);
        described.push(FieldDescription {
            is_internal: field.is_internal || group.is_some_and(|group| group.is_internal),
            ..described_field
        });
    }
    described
}

fn of_group<C: Content>(group: &Group) -> FieldDescription {
    let members = C::FIELDS.iter();
    let mut members =
        members.filter(|field| field.path.rsplit_once('.').map(|(of, _)| of) == Some(group.path));
    FieldDescription {
        path: group.path,
        description: group.description,
        kind: if group.is_point {
            FieldKind::FocalPoint
        } else {
            FieldKind::Group
        },
        is_internal: group.is_internal,
        is_localised: members.any(|field| field.is_localised),
        ..FieldDescription::default()
    }
}

fn of_field<M>(field: &Field<M>) -> FieldDescription {
    let (required_to_save, required_to_publish, required_when) = match field.required {
        Requirement::Never => (false, false, None),
        Requirement::ToSave => (!field.is_read_only, true, None),
        Requirement::ToPublish => (false, true, None),
        Requirement::ToPublishIf(_, when) => (false, true, Some(when)),
        Requirement::WithGroup => (true, true, Some("with any other field beside it")),
    };
    let not_before = field.not_before.map(|order| {
        let group = field.path.rsplit_once('.');
        group.map_or_else(
            || order.other.to_owned(),
            |(group, _)| format!("{group}.{}", order.other),
        )
    });
    let described = FieldDescription {
        path: field.path,
        description: field.description,
        is_localised: field.is_localised,
        required_to_save,
        required_to_publish,
        required_when,
        not_before,
        is_unique: field.unique != Unique::No,
        is_internal: field.is_internal,
        is_read_only: field.is_read_only,
        is_filterable: field.is_filterable,
        is_sortable: field.is_sortable,
        ..FieldDescription::default()
    };
    of_kind(field.kind, described)
}

/// The description with what a field of this kind holds, and its limits.
fn of_kind(kind: Kind, mut described: FieldDescription) -> FieldDescription {
    described.kind = match kind {
        Kind::Text(format, max) => {
            described.format = format.in_words().strip_prefix(": ");
            described.max_length = Some(count(max));
            format.into()
        }
        Kind::PartialDate => FieldKind::PartialDate,
        Kind::Date => FieldKind::Date,
        Kind::Decimal => FieldKind::Decimal,
        Kind::Integer(min, max) => {
            (described.min, described.max) = (Some(f64::from(min)), Some(f64::from(max)));
            FieldKind::Integer
        }
        Kind::Float(min, max) => {
            (described.min, described.max) = (Some(min), Some(max));
            FieldKind::Number
        }
        Kind::Flag => FieldKind::Flag,
        Kind::Choice(choices) => {
            described.choices = Some(choices());
            FieldKind::Choice
        }
        Kind::Links(max) => {
            described.max_items = Some(count(max));
            described.max_length = Some(count(crate::content::model::field::MAX_URL_CHARS));
            FieldKind::Links
        }
        Kind::Reference(_) => FieldKind::Reference,
        Kind::References(_, max) => {
            described.max_items = Some(count(max));
            FieldKind::References
        }
    };
    let targets: Vec<EntryType> = kind.targets().iter().map(|of| (*of).into()).collect();
    described.targets = (!targets.is_empty()).then_some(targets);
    described
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn capitalized(words: &str) -> String {
    let (first, rest) = words.split_at(words.len().min(1));
    format!("{}{rest}", first.to_uppercase())
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(name.len().min(1));
    format!("{}{rest}", first.to_lowercase())
}
