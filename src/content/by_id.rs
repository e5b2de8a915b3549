//! Reading entries by their ids, of one type or of several at once.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use entity::{entry::ContentType, entry_id::EntryId};
use sea_orm::{
    DbBackend, DbErr, EntityTrait, ExprTrait, FromQueryResult, IdenStatic, Iterable, QueryFilter,
    QueryResult, QueryTrait,
    prelude::{Expr, Uuid},
    sea_query::{JoinType, Query, SelectStatement},
};

use super::{
    Content,
    row::{AnyRow, LIFE, Row},
    types::for_type,
    view::View,
};
use crate::{
    database::{RowKind, Snapshot, State},
    error::Result,
    event::tail,
};

/// Ids in one statement. Longer lists are asked for in parts, as engines bound the number of parameters.
pub(super) const IDS_PER_STATEMENT: usize = 16_384;
/// Ids of several types in one statement of PostgreSQL, which looks at each row of one type beside those of the others.
const IDS_TOGETHER: usize = 512;

/// Ids of entries by their types.
pub type IdsByType = BTreeMap<ContentType, Vec<EntryId>>;

/// The entries with these ids that the view shows, in no order.
pub async fn by_ids(snapshot: &Snapshot, view: &View, ids: IdsByType) -> Result<Vec<AnyRow>> {
    let all = ids.values().flatten();
    snapshot.note(view.is_public(), all.map(|id| id.uuid), []);
    let kind = view.kind_of_rows().filter(|_| snapshot.rows().are_kept());
    let rows = match kind {
        Some(kind) => kept(snapshot, view, kind, ids).await?,
        None => selected(snapshot, view, &ids).await?,
    };
    snapshot.show(rows.iter().map(|row| row.id));
    Ok(rows)
}

/// The entry with this id, if the view shows it.
pub async fn by_id(snapshot: &Snapshot, view: &View, id: EntryId) -> Result<Option<AnyRow>> {
    let ids = IdsByType::from([(id.content_type, vec![id])]);
    Ok(by_ids(snapshot, view, ids).await?.pop())
}

/// The same, taking unchanged rows from the row cache.
async fn kept(
    snapshot: &Snapshot,
    view: &View,
    kind: RowKind,
    mut ids: IdsByType,
) -> Result<Vec<AnyRow>> {
    ids.retain(|content_type, _| view.reaches(*content_type));
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let Some(state) = tail::state(snapshot).await? else {
        return selected(snapshot, view, &ids).await;
    };
    let mut known = Vec::new();
    for ids in ids.values_mut() {
        ids.retain(|id| !take_kept(snapshot, kind, *id, state, &mut known));
    }
    ids.retain(|_, ids| !ids.is_empty());
    if !ids.is_empty() {
        let found = selected(snapshot, view, &ids).await?;
        keep(snapshot, kind, &ids, &found, state);
        known.extend(found);
    }
    Ok(known)
}

/// Whether the row cache knows the entry in this state of the database; adds its row to `known`, if it has one.
fn take_kept(
    snapshot: &Snapshot,
    kind: RowKind,
    id: EntryId,
    state: State,
    known: &mut Vec<AnyRow>,
) -> bool {
    let kept = snapshot.rows().get(snapshot.changes(), (id, kind), state);
    let is_known = kept.is_some();
    known.extend(kept.flatten().map(|row| AnyRow { id, row }));
    is_known
}

fn keep(snapshot: &Snapshot, kind: RowKind, ids: &IdsByType, found: &[AnyRow], state: State) {
    let rows = snapshot.rows();
    let mut absent: HashSet<EntryId> = ids.values().flatten().copied().collect();
    for row in found {
        absent.remove(&row.id);
        let bytes = for_type!(row.id.content_type, C => row.size::<C>());
        rows.put((row.id, kind), Some(Arc::clone(&row.row)), bytes, state);
    }
    for id in absent {
        rows.put((id, kind), None, 0, state);
    }
}

/// Reads the rows: each level of a page costs one round trip on PostgreSQL, and one statement for each type on SQLite.
async fn selected(snapshot: &Snapshot, view: &View, ids: &IdsByType) -> Result<Vec<AnyRow>> {
    let count: usize = ids.values().map(Vec::len).sum();
    if is_postgres(snapshot) && ids.len() > 1 && count <= IDS_TOGETHER {
        return together(snapshot, view, ids).await;
    }
    let mut rows = Vec::with_capacity(count);
    for (content_type, ids) in ids {
        for part in ids.chunks(IDS_PER_STATEMENT) {
            // On the heap: there is one for each type.
            let found =
                for_type!(*content_type, C => Box::pin(of_type::<C>(snapshot, view, part)).await)?;
            rows.extend(found);
        }
    }
    Ok(rows)
}

async fn of_type<C: Content>(
    snapshot: &Snapshot,
    view: &View,
    ids: &[EntryId],
) -> Result<Vec<AnyRow>> {
    let select = view.select::<C>().filter(is_of::<C>(snapshot, ids));
    let found = snapshot.all_weighed(select, Row::texts::<C>).await?;
    Ok(found.into_iter().map(AnyRow::new::<C>).collect())
}

fn is_postgres(snapshot: &Snapshot) -> bool {
    snapshot.backend() == DbBackend::Postgres
}

/// Condition that a row belongs to one of these entries.
fn is_of<C: Content>(snapshot: &Snapshot, ids: &[EntryId]) -> Expr {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid).collect();
    is_among(
        snapshot,
        Expr::col((C::Entity::default(), "entry_id")),
        &ids,
    )
}

/// Condition that a column holds one of these ids. To keep the number of prepared statements small, PostgreSQL gets all ids as one
/// array; for SQLite the last id is repeated up to the next power of two.
pub(super) fn is_among(snapshot: &Snapshot, column: Expr, ids: &[Uuid]) -> Expr {
    if is_postgres(snapshot) {
        let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let array = format!("{{{}}}", ids.join(","));
        let is_among = "$1 = ANY(CAST($2 AS text)::uuid[])";
        return Expr::cust_with_exprs(is_among, [column, Expr::val(array)]);
    }
    let missing = ids.len().next_power_of_two() - ids.len();
    let last = ids.last().into_iter().cycle().take(missing);
    column.is_in(ids.iter().chain(last).copied())
}

/// Reads rows of several types with one statement, a full join on false: each row has the columns of all types, and is null in those
/// of the others.
async fn together(snapshot: &Snapshot, view: &View, ids: &IdsByType) -> Result<Vec<AnyRow>> {
    let mut select = Query::select();
    for (number, (content_type, ids)) in ids.iter().enumerate() {
        for_type!(*content_type, C => {
            let rows = view.select::<C>().filter(is_of::<C>(snapshot, ids)).into_query();
            add_part::<C>(&mut select, rows, number == 0);
        });
    }
    let read = |result: &QueryResult| {
        for content_type in ids.keys() {
            if let Some(read) = for_type!(*content_type, C => read_part::<C>(result))? {
                return Ok(read);
            }
        }
        Err(DbErr::Custom("a row is of no type".to_owned()))
    };
    snapshot.read(&select, read).await
}

/// What the names of the columns of a type begin with.
fn prefix<C: Content>() -> String {
    format!("{}.", C::NAME)
}

/// Adds the rows of a type to the join.
fn add_part<C: Content>(select: &mut SelectStatement, rows: SelectStatement, is_first: bool) {
    let own = <C::Entity as EntityTrait>::Column::iter().map(|column| column.as_str());
    for column in own.chain(LIFE.iter().map(|(_, name)| *name)) {
        select.expr_as(
            Expr::col((C::NAME, column)),
            format!("{}{column}", prefix::<C>()),
        );
    }
    if is_first {
        select.from_subquery(rows, C::NAME);
    } else {
        let never = Expr::cust("FALSE");
        select.join_subquery(JoinType::FullOuterJoin, rows, C::NAME, never);
    }
}

/// The row with the bytes of its texts, if it is of this type.
fn read_part<C: Content>(result: &QueryResult) -> Result<Option<(AnyRow, usize)>, DbErr> {
    let prefix = prefix::<C>();
    if result
        .try_get::<Option<Uuid>>(&prefix, "entry_id")?
        .is_none()
    {
        return Ok(None);
    }
    let row = Row::<C::Model>::from_query_result(result, &prefix)?;
    let bytes = row.texts::<C>();
    Ok(Some((AnyRow::new::<C>(row), bytes)))
}
