//! Positions of entries in the list of their type: texts whose order is that of the list.
//!
//! A position is the digits of a hexadecimal fraction that does not end in zero, so that there always is one between two
//! others, and moving an entry writes one row. Those at the end of a list count up in steps of random length: entries
//! that are created at the same time do not meet, and the gaps tell nothing of entries that are not public.

use entity::{entry, entry_id::EntryId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::Expr,
};

use super::change::{Change, refuse_archived};
use crate::{
    auth::Right,
    error::{Error, ProblemCode, Result},
    event::Action,
};

/// Digits of the counting part. With steps of 32,768 on average it has room for billions of entries.
const DIGITS: usize = 12;
/// Where the first position lies: there is as much room before it as behind it.
const MIDDLE: u64 = 1 << 47;
/// The longest step.
const LONGEST_STEP: u64 = 1 << 16;
/// What follows the counting part, so that it never ends in zero.
const END: char = '8';

/// A position after the last one of a list, by a step of random length.
pub fn after(last: Option<&str>, random: u64) -> String {
    let counted = last.map_or(MIDDLE, |last| {
        let digits = last.chars().chain(std::iter::repeat('0')).take(DIGITS);
        digits.fold(0, |number, digit| {
            number * 16 + u64::from(digit.to_digit(16).unwrap_or(0))
        })
    });
    let step = 1 + random % LONGEST_STEP;
    format!("{:0DIGITS$x}{END}", counted + step)
}

/// A position between two others; none for `low` is the start of the list.
pub fn between(low: Option<&str>, high: &str) -> String {
    let mut low = low
        .unwrap_or_default()
        .chars()
        .map(|digit| digit.to_digit(16).unwrap_or(0));
    let mut high = high.chars().map(|digit| digit.to_digit(16).unwrap_or(0));
    let mut position = String::new();
    let mut below_high = false;
    loop {
        let from = low.next().unwrap_or(0);
        let to = if below_high {
            16
        } else {
            high.next().unwrap_or(16)
        };
        let digit = if to - from > 1 {
            u32::midpoint(from, to)
        } else {
            from
        };
        position.extend(char::from_digit(digit, 16));
        if to - from > 1 {
            return position;
        }
        below_high |= to > from;
    }
}

/// Where an entry is to be moved, in the list of its type.
#[derive(Clone, Copy, Debug)]
pub enum Neighbour {
    /// In front of this one.
    Before(EntryId),
    /// Behind this one.
    After(EntryId),
    /// To the end.
    None,
}

impl Neighbour {
    fn id(self) -> Option<EntryId> {
        match self {
            Self::Before(id) | Self::After(id) => Some(id),
            Self::None => None,
        }
    }
}

impl Change {
    /// Moves an entry in the list of its type. It writes one row.
    pub async fn move_entry(&mut self, id: EntryId, neighbour: Neighbour) -> Result<()> {
        self.refuse_if_half_done()?;
        self.entries(neighbour.id().into_iter().chain([id])).await?;
        let moved = self.entry_with(Right::Change, id).await?;
        refuse_archived(&moved)?;
        if moved.published_revision.is_some() {
            // The public sees it at once.
            self.principal.require_on(Right::Publish, &moved)?;
        }
        if moved.position.is_empty() {
            let message = "is of a type without positions";
            return Err(Error::invalid(ProblemCode::Invalid, "id", message));
        }
        let (low, high) = match neighbour {
            Neighbour::Before(next) => {
                let high = self.position_of(next, id, "before").await?;
                (self.nearest(id, Some(&high), false).await?, Some(high))
            }
            Neighbour::After(previous) => {
                let low = self.position_of(previous, id, "after").await?;
                let high = self.nearest(id, Some(&low), true).await?;
                (Some(low), high)
            }
            Neighbour::None => (self.nearest(id, None, false).await?, None),
        };
        let position = match &high {
            Some(high) => between(low.as_deref(), high),
            None => after(low.as_deref(), self.app.clock.random()),
        };
        self.half_done = true;
        self.locks.written(id.uuid);
        entry::Entity::update_many()
            .col_expr(entry::Column::Position, Expr::value(position))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .exec(&self.tx)
            .await?;
        self.tell(Action::EntryMoved, id, moved.latest_revision);
        self.half_done = false;
        Ok(())
    }

    /// The position of a neighbour of the moved entry, which the principal must know of.
    async fn position_of(
        &mut self,
        neighbour: EntryId,
        moved: EntryId,
        path: &str,
    ) -> Result<String> {
        if neighbour.content_type != moved.content_type || neighbour == moved {
            let message = "must be another entry of the same type";
            return Err(Error::invalid(ProblemCode::Invalid, path, message));
        }
        let entry = self.entry(neighbour).await?;
        let known = entry.filter(|entry| self.principal.may_know_of(entry));
        let known = known.ok_or_else(|| {
            let message = format!("{neighbour} does not exist");
            Error::invalid(ProblemCode::NotFound, path, message)
        })?;
        Ok(known.position)
    }

    /// The position next to one, above it or below it, without the moved entry; with none, the last one.
    async fn nearest(
        &self,
        moved: EntryId,
        of: Option<&String>,
        above: bool,
    ) -> Result<Option<String>> {
        let column = entry::Column::Position;
        let beyond = of.map(|of| if above { column.gt(of) } else { column.lt(of) });
        let select = entry::Entity::find()
            .select_only()
            .column(column)
            .filter(entry::Column::Type.eq(moved.content_type))
            .filter(entry::Column::Id.ne(moved.uuid))
            .filter(Condition::all().add_option(beyond))
            .limit(1);
        let select = if above {
            select.order_by_asc(column)
        } else {
            select.order_by_desc(column)
        };
        select.into_tuple().one(&self.tx).await.map_err(Error::from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{after, between};

    #[test]
    fn positions_at_the_end_grow_in_order_and_not_in_length() {
        let mut last = after(None, 0);
        for random in 0..1_000 {
            let next = after(Some(&last), random);
            assert!(last < next && last.len() == next.len(), "{last} {next}");
            last = next;
        }
    }

    proptest! {
        #[test]
        fn there_is_a_position_between_any_two(moves in proptest::collection::vec(any::<proptest::sample::Index>(), 1..200)) {
            let mut list = vec![after(None, 0)];
            for at in moves {
                let at = at.index(list.len() + 1);
                let low = at.checked_sub(1).map(|low| list[low].clone());
                let position = match list.get(at) {
                    Some(high) => between(low.as_deref(), high),
                    None => after(low.as_deref(), at as u64),
                };
                prop_assert!(!position.ends_with('0'), "{position}");
                list.insert(at, position);
                prop_assert!(list.is_sorted_by(|one, other| one < other), "{list:?}");
            }
        }
    }
}
