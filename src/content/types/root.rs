//! What the root fields of all content types do: open the view, read, and load what the selection needs.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_graphql::{Context, ID, Lookahead, Object};
use entity::{entry, entry::ContentType, entry_id::EntryId};
use sea_orm::{ColumnTrait, Condition};

use super::{AnyEntry, Node, metered::Metered};
use crate::{
    app::App,
    auth::{Client, Principal},
    content::{
        Content,
        by_id::{self, IdsByType},
        load::{Group, related},
        object::Entry,
        read,
        row::AnyRow,
        scope::{RenderedTexts, Scope},
        view::{ContentView, View},
        view_name,
    },
    database::Snapshot,
    error::{Error, ProblemCode, Result},
    idempotency::Claim,
    identifier,
};

/// Who reads, and from what: made once for each operation, so that all of it sees one state of the database.
pub struct Reader {
    /// The application.
    pub app: App,
    /// Who asks.
    pub principal: Principal,
    /// Where the request comes from.
    pub client: Client,
    /// The state of the database.
    pub snapshot: Snapshot,
}

impl Reader {
    /// A reader of the present state of the database.
    pub fn new(app: &App, principal: Principal, client: Client) -> Self {
        Self {
            app: app.for_operation(),
            principal,
            client,
            snapshot: app.database.snapshot(),
        }
    }

    /// The same reader for an operation that is to be done only once.
    #[must_use]
    pub fn claiming(self, claim: Option<Arc<Claim>>) -> Self {
        let app = App { claim, ..self.app };
        Self { app, ..self }
    }

    /// A checked view for whoever asks.
    pub fn open(&self, view: Option<ContentView>) -> Result<View> {
        View::open(
            &view.unwrap_or_default(),
            &self.principal,
            &self.app.site.locales,
            self.app.clock.now(),
        )
    }

    /// The same for a root field of one type, which must be within reach.
    pub(in crate::content) fn open_of<C: Content>(
        &self,
        view: Option<ContentView>,
    ) -> Result<View> {
        self.principal.require_type(C::TYPE)?;
        self.open(view)
    }

    /// What everything below a root field shares, with all that the selections of its rows need.
    pub async fn scope(&self, view: View, roots: Vec<Group<'_>>) -> Result<Arc<Scope>> {
        // On the heap: it has a part for each content type.
        let related = Box::pin(related(&self.snapshot, &view, roots)).await?;
        Ok(Arc::new(Scope {
            view,
            today: self.app.clock.now().date_naive(),
            site: Arc::clone(&self.app.site),
            rows: related.rows,
            moments: related.moments,
            html: RenderedTexts::default(),
        }))
    }
}

/// The reader of the operation.
pub fn reader<'ctx>(ctx: &Context<'ctx>) -> Result<&'ctx Reader> {
    ctx.data_opt::<Arc<Reader>>()
        .map(AsRef::as_ref)
        .ok_or_else(|| Error::internal("the operation has no reader"))
}

/// The entry with this id, if it is of this type.
pub(in crate::content) async fn by_id<C: Content>(
    ctx: &Context<'_>,
    id: &ID,
    view: Option<ContentView>,
) -> Result<Option<Entry<C>>> {
    let id = parse_id(id, "by.id")?;
    let reader = reader(ctx)?;
    let view = reader.open_of::<C>(view)?;
    if id.content_type != C::TYPE {
        return Ok(None);
    }
    let row = by_id::by_id(&reader.snapshot, &view, id).await?;
    shown(ctx, row, view).await
}

/// The entry with this key.
pub(in crate::content) async fn by_key<C: Content>(
    ctx: &Context<'_>,
    key: String,
    view: Option<ContentView>,
) -> Result<Option<Entry<C>>> {
    let key = without_nul(key, "by.key")?;
    let key = identifier::normalize(&key);
    let named = entry::Column::Key.eq(key.as_ref());
    // Keys are unique by type, and so is their index.
    let of_type = entry::Column::Type.eq(C::TYPE);
    one(ctx, Condition::all().add(of_type).add(named), view).await
}

/// The text, unless it holds NUL, which no text has and PostgreSQL does not take.
pub(in crate::content) fn without_nul(text: String, path: &str) -> Result<String> {
    if text.contains('\0') {
        let message = "must not hold the character NUL";
        return Err(Error::invalid(ProblemCode::Invalid, path, message));
    }
    Ok(text)
}

/// The entry that the condition names, with all that its selection needs.
pub(in crate::content) async fn one<C: Content>(
    ctx: &Context<'_>,
    condition: Condition,
    view: Option<ContentView>,
) -> Result<Option<Entry<C>>> {
    let reader = reader(ctx)?;
    let view = reader.open_of::<C>(view)?;
    let row = read::one::<C>(&reader.snapshot, &view, condition).await?;
    shown(ctx, row, view).await
}

/// The entry of this row, with all that its selection needs.
async fn shown<C: Content>(
    ctx: &Context<'_>,
    row: Option<AnyRow>,
    view: View,
) -> Result<Option<Entry<C>>> {
    let Some(row) = row else {
        return Ok(None);
    };
    let reader = reader(ctx)?;
    let scope = reader
        .scope(
            view,
            vec![group(C::TYPE, vec![row.clone()], ctx.look_ahead())],
        )
        .await?;
    Ok(row.typed::<C>().map(|row| Entry::new(row, scope)))
}

/// Rows of one type, and what is selected of them.
pub fn group(content_type: ContentType, rows: Vec<AnyRow>, selection: Lookahead<'_>) -> Group<'_> {
    Group {
        content_type,
        rows,
        selection: Arc::new(selection),
    }
}

/// The id that a text is, or a problem at `path`.
pub fn parse_id(id: &ID, path: &str) -> Result<EntryId> {
    id.parse()
        .map_err(|_| Error::invalid(ProblemCode::Invalid, path, "is not an id of an entry"))
}

/// Root fields for entries of any type.
#[derive(Default)]
pub struct NodeQuery;

const MOST_IDS: usize = 100;

#[Object]
impl NodeQuery {
    /// The entry with this id, if its view shows it: the one that is named in the id, or what the public sees in the default locale.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id.")] id: ID,
    ) -> Result<Option<Metered<Node>>> {
        let view = view_name::read(&id, "id")?;
        let id = parse_id(&id, "id")?;
        Ok(nodes(ctx, &[id], view).await?.pop().flatten())
    }

    /// The entries with these ids, in their order; null for each that the view does not show. At most 100.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids; at most 100.")] ids: Vec<ID>,
        #[graphql(desc = "What to look at; everything below inherits it.")] view: Option<
            ContentView,
        >,
    ) -> Result<Vec<Option<Metered<Node>>>> {
        if ids.len() > MOST_IDS {
            return Err(Error::invalid(
                ProblemCode::Invalid,
                "ids",
                format!("must be at most {MOST_IDS}"),
            ));
        }
        let parse = |(at, id): (usize, &ID)| parse_id(id, &format!("ids.{at}"));
        let ids = ids
            .iter()
            .enumerate()
            .map(parse)
            .collect::<Result<Vec<_>>>()?;
        nodes(ctx, &ids, view).await
    }
}

/// The entries with these ids, in their order, as far as the view shows them.
async fn nodes(
    ctx: &Context<'_>,
    ids: &[EntryId],
    view: Option<ContentView>,
) -> Result<Vec<Option<Metered<Node>>>> {
    let reader = reader(ctx)?;
    let view = reader.open(view)?;
    let entries = entries_of(
        reader,
        ids,
        (view.clone(), view),
        &[Arc::new(ctx.look_ahead())],
    )
    .await?;
    Ok(entries
        .into_iter()
        .map(|entry| entry.map(|entry| Metered(Node::from(entry))))
        .collect())
}

/// The entries with these ids, in their order, with all that is selected of them: themselves as far as the first view
/// shows them, and what they refer to as far as the second one does.
pub async fn entries_of(
    reader: &Reader,
    ids: &[EntryId],
    (view, below): (View, View),
    selections: &[Arc<Lookahead<'_>>],
) -> Result<Vec<Option<AnyEntry>>> {
    let mut by_type = IdsByType::new();
    for id in ids {
        by_type.entry(id.content_type).or_default().push(*id);
    }
    let found = by_id::by_ids(&reader.snapshot, &view, by_type).await?;
    let mut rows: BTreeMap<ContentType, Vec<AnyRow>> = BTreeMap::new();
    for row in &found {
        let of_type = rows.entry(row.id.content_type).or_default();
        of_type.push(row.clone());
    }
    let groups = rows.iter().flat_map(|(content_type, rows)| {
        selections.iter().map(|selection| Group {
            content_type: *content_type,
            rows: rows.clone(),
            selection: Arc::clone(selection),
        })
    });
    let scope = reader.scope(below, groups.collect()).await?;
    let roots: HashMap<EntryId, AnyRow> = found.into_iter().map(|row| (row.id, row)).collect();
    let entry = |id: &EntryId| AnyEntry::of(roots.get(id)?, &scope);
    Ok(ids.iter().map(entry).collect())
}
