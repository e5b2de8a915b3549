//! Random lists of milestones, and what a walk through them should show.

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::start_of_time;

/// A list to walk through.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) milestones: Vec<Planned>,
    pub(super) size: usize,
    /// The places of two entries.
    pub(super) window: (usize, usize),
    order: Vec<(Field, Direction)>,
    filter: Option<Filter>,
}

/// A milestone to create, in the order of creation.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) key: String,
    pub(super) hour: i64,
    pub(super) date: String,
    pub(super) end_date: Option<String>,
    pub(super) public: bool,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Key,
    CreatedAt,
    UpdatedAt,
    Position,
    Date,
    EndDate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Direction {
    Asc,
    Desc,
}

#[derive(Clone, Debug)]
enum Filter {
    DateFrom(i32),
    DateUntil(i32),
    EndsAfter(i32),
    EndsBefore(i32),
    HasEnd(bool),
    CreatedFrom(i64),
    Not(Box<Filter>),
    All(Vec<Filter>),
    Any(Vec<Filter>),
}

const YEARS: std::ops::Range<i32> = 2000..2004;
const HOURS: std::ops::Range<i64> = 0..4;

fn date() -> impl Strategy<Value = String> {
    let day = YEARS.prop_map(|year| format!("{year}-02-03"));
    let month = YEARS.prop_map(|year| format!("{year}-02"));
    prop_oneof![3 => YEARS.prop_map(|year| year.to_string()), 1 => month, 1 => day]
}

fn milestones() -> impl Strategy<Value = Vec<Planned>> {
    // An end lies ten years later, so that it never lies before its beginning.
    let end = date().prop_map(|date| date.replacen("200", "201", 1));
    let planned = (
        HOURS,
        date(),
        prop::option::weighted(0.6, end),
        prop::bool::weighted(0.8),
    );
    prop::collection::vec(planned, 0..16).prop_map(|mut all| {
        all.sort_by_key(|(hour, ..)| *hour);
        let numbered = all.into_iter().enumerate();
        let planned = |(number, (hour, date, end_date, public))| Planned {
            key: format!("m{number}"),
            hour,
            date,
            end_date,
            public,
        };
        numbered.map(planned).collect()
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        YEARS.prop_map(Filter::DateFrom),
        YEARS.prop_map(Filter::DateUntil),
        YEARS.prop_map(|year| Filter::EndsAfter(year + 10)),
        YEARS.prop_map(|year| Filter::EndsBefore(year + 10)),
        any::<bool>().prop_map(Filter::HasEnd),
        HOURS.prop_map(Filter::CreatedFrom),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|filter| Filter::Not(Box::new(filter))),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::All),
            prop::collection::vec(inner, 0..3).prop_map(Filter::Any),
        ]
    })
}

/// Any list.
pub(super) fn cases() -> impl Strategy<Value = Case> {
    let field = prop_oneof![
        Just(Field::Key),
        Just(Field::CreatedAt),
        Just(Field::UpdatedAt),
        Just(Field::Position),
        Just(Field::Date),
        Just(Field::EndDate)
    ];
    let direction = prop_oneof![Just(Direction::Asc), Just(Direction::Desc)];
    let order = prop::collection::vec((field, direction), 0..=3);
    let window = (0..16_usize, 0..16_usize);
    let parts = (
        milestones(),
        1..6_usize,
        window,
        order,
        prop::option::of(filter()),
    );
    parts.prop_map(|(milestones, size, window, order, filter)| Case {
        milestones,
        size,
        window,
        order,
        filter,
    })
}

impl Case {
    /// The variables that ask for the list.
    pub(super) fn list(&self) -> Value {
        let step = |(field, direction): &(Field, Direction)| {
            let field = match field {
                Field::Key => "KEY",
                Field::CreatedAt => "CREATED_AT",
                Field::UpdatedAt => "UPDATED_AT",
                Field::Position => "POSITION",
                Field::Date => "DATE",
                Field::EndDate => "END_DATE",
            };
            json!({"field": field, "direction": if *direction == Direction::Asc { "ASC" } else { "DESC" }})
        };
        let order: Vec<_> = self.order.iter().map(step).collect();
        json!({"orderBy": order, "where": self.filter.as_ref().map(Filter::json)})
    }

    /// The keys of the whole list.
    pub(super) fn expected(&self) -> Vec<String> {
        let shown = |(_, milestone): &(usize, &Planned)| {
            milestone.public
                && self
                    .filter
                    .as_ref()
                    .is_none_or(|filter| filter.holds(milestone))
        };
        let mut list: Vec<(usize, &Planned)> =
            self.milestones.iter().enumerate().filter(shown).collect();
        list.sort_by(|one, other| self.compare(one, other));
        list.into_iter()
            .map(|(_, milestone)| milestone.key.clone())
            .collect()
    }

    /// Step by step; what is still alike stands by age, the way in which the last step runs.
    fn compare(&self, one: &(usize, &Planned), other: &(usize, &Planned)) -> Ordering {
        let directed = |ordering: Ordering, direction| match direction {
            Direction::Asc => ordering,
            Direction::Desc => ordering.reverse(),
        };
        let steps = self.order.iter().map(|(field, direction)| {
            let ordering = match field {
                Field::Key => one.1.key.cmp(&other.1.key),
                Field::CreatedAt | Field::UpdatedAt => one.1.hour.cmp(&other.1.hour),
                Field::Position => one.0.cmp(&other.0),
                Field::Date => one.1.date.cmp(&other.1.date),
                Field::EndDate => one.1.end_date.cmp(&other.1.end_date),
            };
            directed(ordering, *direction)
        });
        let last = self
            .order
            .last()
            .map_or(Direction::Asc, |(_, direction)| *direction);
        steps
            .fold(Ordering::Equal, Ordering::then)
            .then(directed(one.0.cmp(&other.0), last))
    }
}

/// How far the clock has to be moved on from `now` to that hour.
pub(super) fn until(hour: i64, now: DateTime<Utc>) -> TimeDelta {
    moment(hour) - now
}

fn moment(hour: i64) -> DateTime<Utc> {
    start_of_time() + TimeDelta::hours(hour)
}

impl Filter {
    fn json(&self) -> Value {
        let all = |filters: &[Self]| filters.iter().map(Self::json).collect::<Vec<_>>();
        match self {
            Self::DateFrom(year) => json!({"date": {"gte": year.to_string()}}),
            Self::DateUntil(year) => json!({"date": {"lte": year.to_string()}}),
            Self::EndsAfter(year) => json!({"endDate": {"gt": year.to_string()}}),
            Self::EndsBefore(year) => json!({"endDate": {"lt": year.to_string()}}),
            Self::HasEnd(has) => json!({"endDate": {"isSet": has}}),
            Self::CreatedFrom(hour) => json!({"createdAt": {"gte": moment(*hour)}}),
            Self::Not(filter) => json!({"not": filter.json()}),
            Self::All(filters) => json!({"and": all(filters)}),
            Self::Any(filters) => json!({"or": all(filters)}),
        }
    }

    fn holds(&self, milestone: &Planned) -> bool {
        let year = |date: &str| -> i32 { date[..4].parse().expect("a year") };
        let end = || milestone.end_date.as_deref().map(year);
        match self {
            Self::DateFrom(from) => year(&milestone.date) >= *from,
            Self::DateUntil(until) => year(&milestone.date) <= *until,
            Self::EndsAfter(after) => end().is_some_and(|end| end > *after),
            Self::EndsBefore(before) => end().is_some_and(|end| end < *before),
            Self::HasEnd(has) => milestone.end_date.is_some() == *has,
            Self::CreatedFrom(hour) => milestone.hour >= *hour,
            Self::Not(filter) => !filter.holds(milestone),
            Self::All(filters) => filters.iter().all(|filter| filter.holds(milestone)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(milestone)),
        }
    }
}
