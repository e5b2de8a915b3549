//! What a read looks at, and who looks: every read of content is given one, and everything nested inherits it.

use std::collections::BTreeSet;

use async_graphql::{Enum, InputObject};
use entity::{Instant, entry, entry::ContentType, publication, reference};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Select,
    prelude::{Expr, Uuid},
};

use super::{
    Content, locale,
    row::LIFE,
    scalar::{DateTime, Locale},
    view_name,
};
use crate::{
    auth::{Extent, Principal, Right, preview_link::Shown},
    database::{RowKind, ShownEntries},
    error::{Error, ProblemCode, Result},
};

/// What a query looks at; everything below the field inherits it.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ContentView {
    /// Public content, or drafts where you may read them.
    #[graphql(default)]
    pub perspective: Perspective,
    /// Locales in the order of your preference, such as `es-MX`: each gets what the site has of it, here perhaps `es`, or is passed over
    /// if that is nothing. The site's default locale always ends the list. At most 10.
    pub locales: Option<Vec<Locale>>,
    /// A past moment: what was public then. For signed-in readers, and only with the perspective PUBLISHED.
    pub as_of: Option<DateTime>,
}

/// Which revision of an entry a read shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum Perspective {
    /// The public revision.
    #[default]
    Published,
    /// The latest revision, public or not; entries whose drafts you may not read show their public revision.
    Draft,
}

/// A checked view: it exists only for principals who may look at it.
#[derive(Clone, Debug)]
pub struct View {
    moment: Moment,
    /// When the view was opened.
    now: Instant,
    locales: Vec<String>,
    drafts_of: DraftsOf,
    internal_fields: bool,
    /// The only types that there are; none for all.
    types: Option<BTreeSet<ContentType>>,
    /// Whether texts are shown in one locale alone, with none to fall back to.
    of_one_locale: bool,
    /// Whether drafts that lie in the trash are shown.
    trash: bool,
    /// What names it in the ids of what it shows; empty for what the public sees in the default locale.
    name: String,
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    Published,
    PublishedAt(Instant),
    Latest,
}

/// Whose drafts the principal may know of.
#[derive(Clone, Debug)]
enum DraftsOf {
    Nobody,
    /// Of these entries.
    Entries(ShownEntries),
    Creator(Uuid),
    All,
}

const MOST_LOCALES: usize = 10;

impl View {
    /// Checks that `principal` may look at what `asked` says; `locales` are the site's, the default one first.
    pub fn open(
        asked: &ContentView,
        principal: &Principal,
        locales: &[String],
        now: Instant,
    ) -> Result<Self> {
        let moment = match (asked.perspective, asked.as_of.as_ref()) {
            (Perspective::Published, None) => Moment::Published,
            (Perspective::Published, Some(DateTime(moment))) => {
                principal.require(Right::ReadPast)?;
                if *moment > now {
                    return Err(invalid("asOf", "must not lie in the future"));
                }
                Moment::PublishedAt(*moment)
            }
            (Perspective::Draft, None) => {
                principal.require(Right::ReadDrafts)?;
                Moment::Latest
            }
            (Perspective::Draft, Some(_)) => {
                return Err(invalid("asOf", "goes with the perspective PUBLISHED only"));
            }
        };
        let bound_to = match (principal, moment) {
            (Principal::Preview { locale, .. }, Moment::Latest) => locale.as_ref(),
            _ => None,
        };
        let locales = match bound_to {
            Some(locale) => only(asked.locales.as_deref(), locale)?,
            None => fallback(asked.locales.as_deref(), locales)?,
        };
        let internal_fields = principal.extent(Right::ReadInternalFields) == Extent::All;
        let own_locales = if bound_to.is_some() {
            &locales[..]
        } else {
            locales.split_last().map_or(&[][..], |(_, others)| others)
        };
        let name = view_name::write(asked.perspective, own_locales, asked.as_of.as_ref());
        Ok(Self {
            moment,
            now,
            name,
            locales,
            drafts_of: DraftsOf::known_to(principal),
            internal_fields,
            types: principal.types().cloned(),
            of_one_locale: bound_to.is_some(),
            trash: false,
        })
    }

    /// The same view, which shows drafts in the trash, too: for the entry that was just put there, and for lists of it.
    #[must_use]
    pub fn with_trash(&self) -> Self {
        Self {
            trash: true,
            ..self.clone()
        }
    }

    /// What names the view in ids, see [`view_name`]; empty for the one that is looked at without saying.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Locales in order of preference; the last is the site's default, unless the view is of one locale alone.
    pub fn locales(&self) -> &[String] {
        &self.locales
    }

    /// Returns a recorded moment as it is shown: one that a clock recorded that was ahead is shown as now.
    pub(super) fn shown_moment(&self, recorded: Instant) -> Instant {
        Ord::min(recorded, self.now)
    }

    /// Whether it shows the drafts that the principal may read.
    pub(super) fn is_of_drafts(&self) -> bool {
        matches!(self.moment, Moment::Latest)
    }

    /// The past moment that it looks at.
    pub(super) fn as_of(&self) -> Option<Instant> {
        match self.moment {
            Moment::PublishedAt(moment) => Some(moment),
            Moment::Published | Moment::Latest => None,
        }
    }

    /// Whether nothing but what is public can matter to what the view shows.
    pub(super) fn is_public(&self) -> bool {
        matches!(self.moment, Moment::Published) && matches!(self.drafts_of, DraftsOf::Nobody)
    }

    /// Which rows it shows, where they are the same for all who look at such rows; none where it depends on who looks, and when.
    pub(super) fn kind_of_rows(&self) -> Option<RowKind> {
        match (self.moment, &self.drafts_of) {
            (Moment::Published, _) => Some(RowKind::Published),
            (Moment::Latest, DraftsOf::All) if !self.trash => Some(RowKind::Latest),
            _ => None,
        }
    }

    /// Whether there are entries of this type at all.
    pub(super) fn reaches(&self, content_type: ContentType) -> bool {
        let reached = self.types.as_ref();
        reached.is_none_or(|types| types.contains(&content_type))
    }

    /// Whether fields for signed-in readers may be shown.
    pub fn shows_internal_fields(&self) -> bool {
        self.internal_fields
    }

    /// Whether texts are shown in one locale alone.
    pub fn is_of_one_locale(&self) -> bool {
        self.of_one_locale
    }

    /// Whether the reader may know that the entry has a draft.
    pub fn knows_draft_of(&self, entry: Uuid, creator: Option<Uuid>) -> bool {
        match &self.drafts_of {
            DraftsOf::Nobody => false,
            DraftsOf::Entries(shown) => shown.contains(&entry),
            DraftsOf::Creator(account) => creator == Some(*account),
            DraftsOf::All => true,
        }
    }

    /// Selects the rows of a content type that the view shows, and nothing else. All reads of content start here.
    pub(super) fn select<C: Content>(&self) -> Select<C::Entity> {
        let column = |name: &'static str| Expr::col((C::Entity::default(), name));
        let mut select = C::Entity::find().filter(self.condition::<C>());
        let query = QuerySelect::query(&mut select);
        query.inner_join(
            entry::Entity,
            column("entry_id").equals((entry::Entity, entry::Column::Id)),
        );
        if let Moment::PublishedAt(_) = self.moment {
            let same_entry =
                column("entry_id").equals((publication::Entity, publication::Column::EntryId));
            let same_revision =
                column("revision").equals((publication::Entity, publication::Column::Revision));
            query.inner_join(publication::Entity, same_entry.and(same_revision));
        }
        LIFE.into_iter().fold(select, |select, (column, name)| {
            match (column, self.moment) {
                (entry::Column::PublishedAt, Moment::PublishedAt(_)) => {
                    select.column_as(publication::Column::StartsAt, name)
                }
                _ => select.column_as(column, name),
            }
        })
    }

    /// What follows from [`View::condition`] for the entry, in the words of the indexes of entries. Only statements say it that look for
    /// entries by their own columns: the planner of SQLite would take such an index for the better way to content that has a
    /// good one.
    pub(super) fn condition_of_entry(&self, content_type: ContentType) -> Condition {
        let shown = match self.moment {
            Moment::Published => Some(entry::Column::PublishedRevision.is_not_null()),
            Moment::Latest if !self.trash && matches!(self.drafts_of, DraftsOf::All) => {
                Some(entry::Column::ArchivedAt.is_null())
            }
            Moment::Latest | Moment::PublishedAt(_) => None,
        };
        Condition::all()
            .add(entry::Column::Type.eq(content_type))
            .add_option(shown)
            .add_option(self.out_of_reach(content_type))
    }

    /// What holds for nothing, if the view shows no entries of this type.
    fn out_of_reach(&self, content_type: ContentType) -> Option<Expr> {
        (!self.reaches(content_type)).then(|| Expr::val(1).eq(0))
    }

    /// The condition that keeps everything else out. The flags stand bare, as in the partial indexes.
    fn condition<C: Content>(&self) -> Condition {
        let flag = |name: &'static str| Expr::col((C::Entity::default(), name));
        let of_type = Condition::all().add_option(self.out_of_reach(C::TYPE));
        let published = Condition::all().add(flag("published"));
        let in_sight = (!self.trash).then(|| entry::Column::ArchivedAt.is_null());
        let latest = Condition::all().add(flag("latest")).add_option(in_sight);
        of_type.add(match self.moment {
            Moment::Published => published,
            Moment::Latest => self.drafts_of.pick(latest, published),
            Moment::PublishedAt(moment) => Condition::all()
                .add(entry::Column::ArchivedAt.is_null())
                .add(publication::Column::StartsAt.lte(moment))
                .add(
                    Condition::any()
                        .add(publication::Column::EndsAt.is_null())
                        .add(publication::Column::EndsAt.gt(moment)),
                ),
        })
    }
}

impl View {
    /// That a reference is one of the revision that the view shows of its owner, which must be joined, and within reach.
    pub(super) fn shown_revision(&self) -> Result<Condition> {
        let is = |revision: entry::Column| {
            let of_owner = Expr::col((entry::Entity, revision));
            Expr::col((reference::Entity, reference::Column::Revision)).eq(of_owner)
        };
        let published = Condition::all().add(is(entry::Column::PublishedRevision));
        let latest = Condition::all()
            .add(is(entry::Column::LatestRevision))
            .add(entry::Column::ArchivedAt.is_null());
        let shown = match self.moment {
            Moment::PublishedAt(_) => return Err(invalid("asOf", "cannot be looked at here")),
            Moment::Published => published,
            Moment::Latest => self.drafts_of.pick(latest, published),
        };
        let reached = self.types.clone();
        Ok(shown.add_option(reached.map(|types| entry::Column::Type.is_in(types))))
    }
}

impl DraftsOf {
    fn known_to(principal: &Principal) -> Self {
        match (principal.extent(Right::ReadDrafts), principal) {
            (Extent::All, _) => Self::All,
            (
                Extent::Shown,
                Principal::Preview {
                    shown: Shown::Entries(entries),
                    ..
                },
            ) => Self::Entries(entries.clone()),
            (Extent::Own, principal) => principal.account_id().map_or(Self::Nobody, Self::Creator),
            _ => Self::Nobody,
        }
    }

    /// What holds for the entries whose drafts are known, and what holds for all others.
    fn pick(&self, known: Condition, others: Condition) -> Condition {
        let (is_known, is_other) = match self {
            Self::Nobody => return others,
            Self::All => return known,
            Self::Creator(account) => (
                entry::Column::CreatedBy.eq(*account),
                Condition::any()
                    .add(entry::Column::CreatedBy.is_null())
                    .add(entry::Column::CreatedBy.ne(*account)),
            ),
            Self::Entries(shown) => (
                entry::Column::Id.is_in(shown.iter()),
                Condition::all().add(entry::Column::Id.is_not_in(shown.iter())),
            ),
        };
        let either = Condition::any().add(known.add(is_known));
        Condition::all().add(either.add(others.add(is_other)))
    }
}

fn invalid(field: &str, message: &str) -> Error {
    Error::invalid(ProblemCode::Invalid, format!("view.{field}"), message)
}

/// The one locale that the drafts of a preview link are shown in; refuses to look at others.
fn only(asked: Option<&[Locale]>, bound: &str) -> Result<Vec<String>> {
    let site = [bound.to_owned()];
    let mut asked = asked.into_iter().flatten();
    if asked.any(|asked| locale::lookup(&asked.0, &site).is_none()) {
        return Err(Error::Forbidden(
            "read drafts in another locale than that of the preview link",
        ));
    }
    Ok(site.into())
}

/// The site's locales for those that are asked for, and the default one at the end.
fn fallback(asked: Option<&[Locale]>, site: &[String]) -> Result<Vec<String>> {
    let asked = asked.unwrap_or_default();
    if asked.len() > MOST_LOCALES {
        return Err(invalid("locales", "must name at most 10 locales"));
    }
    let found = asked
        .iter()
        .filter_map(|asked| locale::lookup(&asked.0, site));
    let mut locales: Vec<String> = Vec::with_capacity(asked.len() + 1);
    for locale in found.chain(site.first()) {
        if !locales.contains(locale) {
            locales.push(locale.clone());
        }
    }
    Ok(locales)
}
