//! Reading content by what names it, and in pages; by ids see `by_id`. Everything goes through [`View`]'s condition.

use entity::{entry, entry_id::EntryId};
use sea_orm::{
    ColumnTrait, ColumnType, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Select, prelude::Expr,
};

use super::{
    Content, count,
    filter::Filter,
    order::{Key, OrderBy, OrderColumn, OrderDirection, Step, after},
    page_args::{Direction, PageArgs},
    row::{AnyRow, Row},
    view::View,
};
use crate::{
    database::Snapshot,
    error::{Error, Result},
};

/// The entry that `condition` names, by something else than its id, if the view shows it.
pub async fn one<C: Content>(
    snapshot: &Snapshot,
    view: &View,
    condition: Condition,
) -> Result<Option<AnyRow>> {
    let select = view
        .select::<C>()
        .filter(condition)
        .order_by_asc(entry::Column::Id)
        .limit(1);
    let found = snapshot
        .all_weighed(select, Row::<C::Model>::texts::<C>)
        .await?
        .pop();
    // While an entry is public, no other one can be that has the same name in public.
    match &found {
        Some(row) if view.is_public() => snapshot.note(true, [row.stamp().entry_id], []),
        _ => snapshot.note(view.is_public(), [], [C::TYPE]),
    }
    let found = found.map(AnyRow::new::<C>);
    snapshot.show(found.iter().map(|row| row.id));
    Ok(found)
}

/// One page of a list.
pub struct Slice<R> {
    /// The rows, each with what it stands by in the order.
    pub rows: Vec<(Vec<Key>, R)>,
    /// Whether the list goes on after the page.
    pub has_next: bool,
    /// Whether the list begins before the page.
    pub has_previous: bool,
}

impl<R> Slice<R> {
    /// A page that nobody asked for.
    pub fn empty() -> Self {
        Self {
            rows: Vec::new(),
            has_next: false,
            has_previous: false,
        }
    }

    /// The same page of other rows.
    pub fn map<S>(self, row: impl FnMut((Vec<Key>, R)) -> (Vec<Key>, S)) -> Slice<S> {
        Slice {
            rows: self.rows.into_iter().map(row).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

/// A page of the entries that the view shows and the filter lets through, in a total order.
pub async fn list<C: Content>(
    snapshot: &Snapshot,
    view: &View,
    filter: Option<&C::Filter>,
    order: &[C::Order],
    page: &PageArgs,
) -> Result<Slice<Row<C::Model>>> {
    snapshot.note(view.is_public(), [], [C::TYPE]);
    let select = filtered::<C>(view, filter)?;
    let order = || total_order::<C>(order);
    let is_by_entry = order().first().is_some_and(|step| step.by.of_entry);
    let of_entry = is_by_entry.then(|| view.condition_of_entry(C::TYPE));
    let select = select.filter(Condition::all().add_option(of_entry));
    let slice = slice_weighed(snapshot, select, order, page, Row::texts::<C>).await?;
    let ids = slice
        .rows
        .iter()
        .map(|(_, row): &(_, Row<C::Model>)| EntryId {
            content_type: C::TYPE,
            uuid: row.stamp().entry_id,
        });
    snapshot.show(ids);
    Ok(slice)
}

/// A page of the rows that a statement selects, in an order that must be total.
pub async fn slice<E: EntityTrait, R: FromQueryResult + Send + Sync>(
    snapshot: &Snapshot,
    select: Select<E>,
    order: impl Fn() -> Vec<Step<R>>,
    page: &PageArgs,
) -> Result<Slice<R>> {
    slice_weighed(snapshot, select, order, page, |_| 0).await
}

/// The same of rows whose texts take so many bytes.
async fn slice_weighed<E: EntityTrait, R: FromQueryResult + Send + Sync>(
    snapshot: &Snapshot,
    mut select: Select<E>,
    order: impl Fn() -> Vec<Step<R>>,
    page: &PageArgs,
    bytes: impl Fn(&R) -> usize,
) -> Result<Slice<R>> {
    let forward = page.direction == Direction::Forward;
    let (list, backwards) = (order(), reversed(order()));
    let (steps, opposite, start, end) = if forward {
        (list, backwards, &page.after, &page.before)
    } else {
        (backwards, list, &page.before, &page.after)
    };
    if let Some(end) = end {
        let within = after(&opposite, end).into_iter();
        select = select.filter(within.fold(Condition::any(), Condition::add));
    }
    let select = steps.iter().fold(select, |select, step| step.apply(select));
    let stretches = match start {
        Some(start) => after(&steps, start),
        None => vec![Condition::all()],
    };
    let size = usize::try_from(page.size).map_err(Error::internal)?;
    let mut rows: Vec<R> = Vec::new();
    for stretch in stretches {
        if rows.len() <= size {
            let missing = page.size + 1 - rows.len() as u64;
            let select = select.clone().filter(stretch).limit(missing);
            rows.extend(snapshot.all_weighed(select, &bytes).await?);
        }
    }
    let more = rows.len() > size;
    rows.truncate(size);
    if !forward {
        rows.reverse();
    }
    let keys = |row: &R| steps.iter().map(|step| (step.by.key)(row)).collect();
    let keyed = |row| (keys(&row), row);
    let rows = rows.into_iter().map(keyed).collect();
    let (has_next, has_previous) = if forward {
        (more, start.is_some())
    } else {
        (start.is_some(), more)
    };
    Ok(Slice {
        rows,
        has_next,
        has_previous,
    })
}

/// Whether keys can be those of a row in a list of this order. A cursor may have been changed by hand.
pub fn are_keys<C: Content>(order: &[C::Order], keys: &[Key]) -> bool {
    fit(&total_order::<C>(order), keys)
}

/// Whether keys can be those of a row in a list of this order.
pub fn fit<R>(steps: &[Step<R>], keys: &[Key]) -> bool {
    steps.len() == keys.len() && steps.iter().zip(keys).all(|(step, key)| step.by.takes(key))
}

/// How many entries the view shows and the filter lets through.
pub async fn count<C: Content>(
    snapshot: &Snapshot,
    view: &View,
    filter: Option<&C::Filter>,
) -> Result<u64> {
    snapshot.note(view.is_public(), [], [C::TYPE]);
    match view.kind_of_rows().filter(|_| filter.is_none()) {
        Some(_) if !view.reaches(C::TYPE) => Ok(0),
        Some(kind) => count::of_type(snapshot, C::TYPE, kind).await,
        None => snapshot.count(filtered::<C>(view, filter)?).await,
    }
}

fn filtered<C: Content>(view: &View, filter: Option<&C::Filter>) -> Result<Select<C::Entity>> {
    let condition = filter.map(|filter| filter.condition("where"));
    let condition = condition.transpose()?;
    let select = view.select::<C>();
    Ok(select.filter(Condition::all().add_option(condition)))
}

/// The steps that were asked for, and the id, so that no two rows are alike.
fn total_order<C: Content>(order: &[C::Order]) -> Vec<Step<Row<C::Model>>> {
    let mut steps: Vec<_> = match order {
        [] => vec![C::Order::by_default().step()],
        order => order.iter().map(OrderBy::step).collect(),
    };
    // The id of the table whose index the order follows, in the direction of that index.
    let (of_entry, direction) = steps.last().map_or((true, OrderDirection::Asc), |step| {
        (step.by.of_entry, step.direction)
    });
    let column = if of_entry {
        Expr::col(entry::Column::Id.as_column_ref())
    } else {
        Expr::col((C::Entity::default(), "entry_id"))
    };
    let by = OrderColumn {
        column,
        nullable: false,
        of_entry,
        is_id: true,
        kind: ColumnType::Uuid,
        key: |row: &Row<C::Model>| Key::Id(row.stamp().entry_id),
    };
    steps.push(Step { by, direction });
    steps
}

fn reversed<R>(steps: Vec<Step<R>>) -> Vec<Step<R>> {
    steps
        .into_iter()
        .map(|step| Step {
            direction: step.direction.reversed(),
            ..step
        })
        .collect()
}
