//! Preview links: who has one sees what is public, and the draft of one entry with all that it shows.

use std::collections::BTreeSet;

use chrono::{SubsecRound, TimeDelta};
use entity::{
    Instant, account, entry, entry::ContentType, entry_id::EntryId, preview_link, reference,
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, FromQueryResult,
    IntoActiveModel, QueryFilter, QuerySelect, Select,
    prelude::{Expr, Uuid},
    sea_query::Query,
};

use super::{Client, Extent, Principal, Right, Role, authority::begin_on_accounts, extent};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    clock::Clock,
    crypto::{Secret, preview_jwt::PreviewClaims},
    database::{LogPosition, ShownEntries},
    error::{Error, ProblemCode, Result},
    event::tail,
    id,
};

/// How long a link opens something if nobody says how long, in seconds.
const USUAL_LIFE: i32 = 60 * 60;
const SHORTEST_LIFE: i32 = 60;
const LONGEST_LIFE: i32 = 24 * 60 * 60;
/// How many steps away from its entry a link shows drafts.
const DEEPEST: usize = 16;
/// How many drafts a link shows at most.
const MOST_SHOWN: usize = 5_000;

/// A preview link that somebody wants.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The entry that it is to show.
    pub entry: EntryId,
    /// The one locale in which it is to show drafts; none for all.
    pub locale: Option<String>,
    /// How long it is to open something.
    pub expires_in_seconds: Option<i32>,
}

/// The id of a link in the API.
pub fn public_id(link: Uuid) -> String {
    format!("preview_link_{}", link.simple())
}

/// Makes a link of an entry whose draft the principal may read.
pub async fn create(
    app: &App,
    client: &Client,
    principal: &Principal,
    new: NewLink,
) -> Result<(preview_link::Model, Secret)> {
    principal.require(Right::SharePreviews)?;
    let (maker, _) = principal.signed_in()?;
    let life = new.expires_in_seconds.unwrap_or(USUAL_LIFE);
    refuse_wrong(app, &new, life)?;
    let select = entry::Entity::find_by_id(new.entry.uuid)
        .filter(entry::Column::Type.eq(new.entry.content_type));
    let entry: Option<entry::Model> = app.database.row(select).await?;
    let entry = entry.filter(|entry| principal.may_know_of(entry));
    let entry = entry.ok_or_else(|| {
        let message = format!("{} does not exist", new.entry);
        Error::invalid(ProblemCode::NotFound, "entry", message)
    })?;
    principal.require_on(Right::SharePreviews, &entry)?;
    if entry.archived_at.is_some() {
        let message = "lies in the trash; restore it first";
        return Err(Error::invalid(ProblemCode::Invalid, "entry", message));
    }
    let now = app.clock.now();
    let row = preview_link::Model {
        id: id::new(),
        account_id: maker,
        entry_id: entry.id,
        entry_type: entry.r#type,
        locale: new.locale,
        created_at: now,
        expires_at: now.trunc_subsecs(0) + TimeDelta::seconds(life.into()),
        revoked_at: None,
    };
    let claims = PreviewClaims {
        link: row.id,
        issued_at: now,
        expires_at: row.expires_at,
    };
    let token = app.crypto.keys.sign_preview(&claims, now).await?;
    let tx = begin_on_accounts(app, principal, &[]).await?;
    preview_link::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::PreviewLinkCreated, Some(maker))
        .at(public_id(row.id))
        .from(client.network());
    audit::append(&tx, vec![event], Some(maker), now).await?;
    tx.commit().await?;
    Ok((row, token))
}

fn refuse_wrong(app: &App, new: &NewLink, life: i32) -> Result<()> {
    if !(SHORTEST_LIFE..=LONGEST_LIFE).contains(&life) {
        let message = format!("must be from {SHORTEST_LIFE} to {LONGEST_LIFE}");
        return Err(Error::invalid(
            ProblemCode::Invalid,
            "expiresInSeconds",
            message,
        ));
    }
    let locales = &app.site.locales;
    if new
        .locale
        .as_ref()
        .is_some_and(|locale| !locales.contains(locale))
    {
        let message = format!("must be among the site's locales: {}", locales.join(", "));
        return Err(Error::invalid(ProblemCode::Invalid, "locale", message));
    }
    Ok(())
}

/// Takes a link back, at once and everywhere: one's own, or for admins anybody's. One that was taken back before stays as
/// it is.
pub async fn revoke(
    app: &App,
    client: &Client,
    principal: &Principal,
    id: Uuid,
) -> Result<preview_link::Model> {
    let now = app.clock.now();
    let select = visible(principal)?.filter(preview_link::Column::Id.eq(id));
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let row = select.lock_exclusive().one(&tx).await?;
    let mut row = row.ok_or_else(|| {
        let message = "this preview link does not exist";
        Error::invalid(ProblemCode::NotFound, "id", message)
    })?;
    if row.revoked_at.is_some() {
        return Ok(row);
    }
    preview_link::Entity::update_many()
        .col_expr(preview_link::Column::RevokedAt, Expr::value(now))
        .filter(preview_link::Column::Id.eq(id))
        .exec(&tx)
        .await?;
    row.revoked_at = Some(now);
    let event = AuditEvent::new(AuditAction::PreviewLinkRevoked, Some(row.account_id))
        .at(public_id(id))
        .from(client.network());
    audit::append(&tx, vec![event], principal.account_id(), now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(row)
}

/// Takes all links of an account back, in the caller's transaction, who records the events and empties `app.recent`.
pub(super) async fn revoke_all(
    tx: &DatabaseTransaction,
    account: Uuid,
    now: Instant,
) -> Result<Vec<AuditEvent>> {
    let revoked = preview_link::Entity::update_many()
        .col_expr(preview_link::Column::RevokedAt, Expr::value(now))
        .filter(preview_link::Column::AccountId.eq(account))
        .filter(preview_link::Column::RevokedAt.is_null())
        .exec_with_returning(tx)
        .await?;
    let event = |row: preview_link::Model| {
        AuditEvent::new(AuditAction::PreviewLinkRevoked, Some(account)).at(public_id(row.id))
    };
    Ok(revoked.into_iter().map(event).collect())
}

/// The links that the principal may see: their own, or for admins all.
pub fn visible(principal: &Principal) -> Result<Select<preview_link::Entity>> {
    let (own, _) = principal.signed_in()?;
    let sees_all = principal.extent(Right::ManageAccounts) == Extent::All;
    let own = (!sees_all).then(|| preview_link::Column::AccountId.eq(own));
    Ok(preview_link::Entity::find().filter(Condition::all().add_option(own)))
}

/// A link that stands, with what its maker may do now.
#[derive(Clone, FromQueryResult)]
struct Standing {
    account_id: Uuid,
    role: Role,
    entry_id: Uuid,
    entry_type: ContentType,
    created_by: Option<Uuid>,
    locale: Option<String>,
    created_at: Instant,
    expires_at: Instant,
}

impl Standing {
    /// Whether its time has not passed.
    fn holds(&self, clock: &Clock) -> bool {
        clock.holds(self.expires_at, self.expires_at - self.created_at)
    }

    /// Whether its maker may still read the draft of its entry.
    fn stands(&self) -> bool {
        match extent(self.role, Right::ReadDrafts) {
            Extent::All => true,
            Extent::Own => self.created_by == Some(self.account_id),
            Extent::Shown | Extent::None => false,
        }
    }

    /// The account whose drafts alone the link can show, as its maker can read no others; none for all.
    fn drafts_of(&self) -> Option<Uuid> {
        let reads_all = extent(self.role, Right::ReadDrafts) == Extent::All;
        (!reads_all).then_some(self.account_id)
    }
}

/// The entries that a link shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// They have not been looked up, which takes several statements. Until then the link shows nothing but what is public.
    Unknown {
        /// The account whose drafts alone the link can show; none for all.
        drafts_of: Option<Uuid>,
    },
    /// The entry of the link and all that it shows.
    Entries(ShownEntries),
}

impl Shown {
    /// Whether the link shows the draft of this entry.
    pub fn contains(&self, entry: &Uuid) -> bool {
        match self {
            Self::Unknown { .. } => false,
            Self::Entries(entries) => entries.contains(entry),
        }
    }
}

impl FromIterator<Uuid> for Shown {
    fn from_iter<I: IntoIterator<Item = Uuid>>(ids: I) -> Self {
        Self::Entries(ids.into_iter().collect())
    }
}

/// Who holds this token. Whether its link stands, and its maker, is known for half a second. What the link shows is looked up by
/// [`with_shown`], once the operation has been counted.
pub async fn authenticate(app: &App, token: &Secret) -> Result<Principal> {
    let now = app.clock.now();
    let claims = app.crypto.keys.verify_preview(token, now).await?;
    let id = claims.ok_or(Error::Unauthenticated)?.link;
    let name = format!("preview_link:{id}");
    // Links that do not stand are remembered, too: whoever has one may ask as often as they like.
    let read = async { read_standing(app, id).await.map(Some) };
    let standing: Option<Option<Standing>> = app.recent.get(name, read).await?;
    let standing = standing.flatten();
    let standing = standing.filter(|standing| standing.holds(&app.clock) && standing.stands());
    let standing = standing.ok_or(Error::Unauthenticated)?;
    let drafts_of = standing.drafts_of();
    Ok(Principal::Preview {
        id,
        entry: EntryId {
            content_type: standing.entry_type,
            uuid: standing.entry_id,
        },
        locale: standing.locale,
        shown: Shown::Unknown { drafts_of },
    })
}

/// The same principal with the entries that its link shows, as they are in the newest state of the event log that is known,
/// which contains the `required` event.
pub async fn with_shown(
    app: &App,
    principal: Principal,
    required: Option<LogPosition>,
) -> Result<Principal> {
    let Principal::Preview {
        id,
        entry,
        locale,
        shown: Shown::Unknown { drafts_of },
    } = principal
    else {
        return Ok(principal);
    };
    let state = tail::known(&app.database, required).await?.state;
    let (sets, by) = (&app.database.shown, (entry.uuid, drafts_of));
    let entries = if let Some(entries) = sets.get(&app.database.changes, &by, state) {
        entries
    } else {
        let found = shown(app, entry.uuid, drafts_of).await?;
        let entries: ShownEntries = found.into_iter().collect();
        sets.put(by, entries.clone(), state);
        entries
    };
    Ok(Principal::Preview {
        id,
        entry,
        locale,
        shown: Shown::Entries(entries),
    })
}

/// Whether the link still opens something.
pub(super) async fn holds(app: &App, id: Uuid) -> Result<bool> {
    let standing = read_standing(app, id).await?;
    Ok(standing.is_some_and(|standing| standing.holds(&app.clock) && standing.stands()))
}

async fn read_standing(app: &App, id: Uuid) -> Result<Option<Standing>> {
    let mut select = preview_link::Entity::find_by_id(id)
        .filter(preview_link::Column::RevokedAt.is_null())
        .filter(account::Column::JoinedAt.is_not_null())
        .filter(account::Column::SuspendedAt.is_null())
        .column(account::Column::Role)
        .column(entry::Column::CreatedBy);
    let of_maker = Expr::col((preview_link::Entity, preview_link::Column::AccountId))
        .equals((account::Entity, account::Column::Id));
    let of_entry = Expr::col((preview_link::Entity, preview_link::Column::EntryId))
        .equals((entry::Entity, entry::Column::Id));
    QuerySelect::query(&mut select)
        .inner_join(account::Entity, of_maker)
        .inner_join(entry::Entity, of_entry);
    app.database.row(select).await
}

/// The entry, and all that its latest revision refers to, directly or through others, of which the link can show drafts.
async fn shown(app: &App, root: Uuid, drafts_of: Option<Uuid>) -> Result<BTreeSet<Uuid>> {
    let mut shown = BTreeSet::from([root]);
    let mut level = vec![root];
    for _ in 0..DEEPEST {
        if level.is_empty() {
            break;
        }
        let references = app.database.rows(below(&level, drafts_of)).await?;
        let targets = references.into_iter().map(|reference| reference.target_id);
        level = targets
            .filter(|target| shown.len() < MOST_SHOWN && shown.insert(*target))
            .collect();
    }
    Ok(shown)
}

/// What the latest revisions of these entries refer to, as far as the link can show drafts of it. What lies in the trash
/// shows nothing.
fn below(level: &[Uuid], drafts_of: Option<Uuid>) -> Select<reference::Entity> {
    let owner = |column: entry::Column| Expr::col((entry::Entity, column));
    let of_latest = owner(entry::Column::Id)
        .equals((reference::Entity, reference::Column::OwnerId))
        .and(
            owner(entry::Column::LatestRevision)
                .equals((reference::Entity, reference::Column::Revision)),
        );
    let readable = drafts_of.map(|creator| {
        let created = Query::select()
            .column(entry::Column::Id)
            .from(entry::Entity)
            .and_where(Expr::col(entry::Column::CreatedBy).eq(creator))
            .to_owned();
        reference::Column::TargetId.in_subquery(created)
    });
    let mut select = reference::Entity::find()
        .filter(reference::Column::OwnerId.is_in(level.iter().copied()))
        .filter(entry::Column::ArchivedAt.is_null())
        .filter(Condition::all().add_option(readable));
    QuerySelect::query(&mut select).inner_join(entry::Entity, of_latest);
    select
}
