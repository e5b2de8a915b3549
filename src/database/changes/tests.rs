use std::time::Duration;

use entity::entry::ContentType;
use sea_orm::prelude::Uuid;

use super::{Changes, EntryChange, LogEvent, LogPosition, LogQuery, News, State};
use crate::database::Reads;

const WITHIN: Duration = Duration::from_mins(1);

/// A position in a log; logs of other letters have other ids.
fn at(log: char, sequence: i64) -> LogPosition {
    let id = u128::from(u32::from(log)) << 64 | u128::from(sequence.unsigned_abs());
    LogPosition {
        sequence,
        id: Uuid::from_u128(id),
    }
}

fn event(log: char, sequence: i64, entry: u128, is_public: bool) -> LogEvent {
    LogEvent {
        position: at(log, sequence),
        change: Some(EntryChange {
            entry: Uuid::from_u128(entry),
            content_type: ContentType::Page,
            is_public,
        }),
    }
}

/// What a log answers: its events from the known one on, of which those change entries that are given here.
fn news(query: &LogQuery, log: char, head: i64, changes: &[LogEvent]) -> News {
    let from = query.since().unwrap_or(head).max(1);
    let event = |sequence| {
        let given = changes
            .iter()
            .find(|event| event.position.sequence == sequence);
        given.copied().unwrap_or(LogEvent {
            position: at(log, sequence),
            change: None,
        })
    };
    News {
        lineage: Uuid::nil(),
        head,
        events: (from..=head).map(event).collect(),
    }
}

fn follow(changes: &Changes, log: char, head: i64, events: &[LogEvent]) -> bool {
    let query = changes.query();
    changes.follow(&query, &news(&query, log, head, events))
}

fn reads(is_public: bool, entry: u128) -> Reads {
    let mut reads = Reads::default();
    reads.of(is_public).entries.insert(Uuid::from_u128(entry));
    reads
}

fn known(head: i64) -> Changes {
    let changes = Changes::default();
    assert!(follow(&changes, 'a', head, &[]));
    changes
}

fn state(changes: &Changes, sequence: i64) -> State {
    State {
        generation: changes.known().generation,
        sequence,
    }
}

fn head(changes: &Changes) -> Option<i64> {
    changes.head().map(|head| head.position.sequence)
}

fn current(changes: &Changes) -> Option<i64> {
    changes.current(WITHIN).map(|head| head.position.sequence)
}

#[test]
fn what_was_read_holds_until_it_changes() {
    let changes = known(10);
    assert_eq!(head(&changes), Some(10));
    let events = [event('a', 11, 1, false), event('a', 12, 2, true)];
    assert!(follow(&changes, 'a', 12, &events));
    let hold = |reads: &Reads, since, until| {
        changes.hold(reads, state(&changes, since), state(&changes, until))
    };
    for (is_public, entry, since, holds) in [
        (false, 1, 10, false),
        (false, 1, 11, true),
        (true, 1, 10, true),
        (true, 2, 11, false),
        (true, 2, 12, true),
        (true, 3, 10, true),
        (true, 3, 9, false),
    ] {
        let reads = reads(is_public, entry);
        assert_eq!(hold(&reads, since, 12), holds, "{entry} {since}");
    }
    let mut of_type = Reads::default();
    of_type.of(true).types.insert(ContentType::Page);
    assert!(!hold(&of_type, 11, 12));
    assert!(hold(&of_type, 12, 12));
    let (early, late) = (state(&changes, 11), state(&changes, 12));
    let second = Uuid::from_u128(2);
    assert!(!changes.is_same(second, late, early), "either way");
}

#[test]
fn own_events_are_known_at_once_unless_something_before_them_is_not() {
    let changes = known(10);
    changes.record_own(
        at('a', 10),
        &[event('a', 11, 1, true), event('a', 12, 2, true)],
    );
    assert_eq!(current(&changes), Some(12));
    let (early, late) = (state(&changes, 11), state(&changes, 12));
    assert!(!changes.hold(&reads(true, 2), early, late));
    changes.record_own(at('a', 13), &[event('a', 14, 3, true)]);
    assert_eq!(head(&changes), Some(12));
    assert_eq!(current(&changes), None, "13 may be anything");
    assert_eq!(changes.newest(), at('a', 14));
    let fresh = Changes::default();
    fresh.record_own(LogPosition::default(), &[event('a', 1, 1, true)]);
    assert_eq!(current(&fresh), None);
}

#[tokio::test]
async fn all_who_wait_for_news_go_on_once_somebody_has_queried() {
    let changes = known(10);
    let turn = changes.turn().await;
    let waiting: Vec<_> = (0..3).map(|_| Box::pin(changes.turn())).collect();
    let mut waiting = futures_util::future::join_all(waiting);
    assert!(futures_util::poll!(&mut waiting).is_pending());
    drop(turn.expect("the turn of the first"));
    assert!(waiting.await.iter().all(Option::is_none));
    assert!(changes.turn().await.is_some());
}

#[test]
fn answers_that_come_late_take_nothing_back() {
    let changes = known(10);
    let early = changes.query();
    assert!(follow(&changes, 'a', 12, &[event('a', 12, 1, true)]));
    let learned = changes.learn(&early, &news(&early, 'a', 11, &[]));
    assert_eq!(learned, Some(state(&changes, 11)), "an earlier snapshot");
    assert_eq!(current(&changes), Some(12));
    let (early, late) = (state(&changes, 11), state(&changes, 12));
    assert!(!changes.hold(&reads(true, 1), early, late));
}

#[test]
fn an_event_that_is_due_is_waited_for() {
    let changes = known(10);
    assert_eq!(current(&changes), Some(10));
    let before = changes.query();
    changes.expect(at('a', 11));
    assert_eq!((current(&changes), changes.settled()), (None, None));
    assert!(changes.follow(&before, &news(&before, 'a', 10, &[])));
    assert_eq!(current(&changes), None, "it was queried before");
    assert!(follow(&changes, 'a', 11, &[]));
    assert_eq!(current(&changes), Some(11));
}

#[test]
fn a_log_that_went_back_begins_a_new_generation() {
    for (log, head) in [('a', 9), ('a', 0), ('b', 10), ('b', 50)] {
        let changes = known(10);
        let before = state(&changes, 10);
        assert!(changes.hold(&reads(true, 1), before, before));
        assert!(!follow(&changes, log, head, &[]), "{log}{head}");
        assert_eq!(changes.settled(), None);
        assert!(!changes.hold(&reads(true, 1), before, before));
        assert!(follow(&changes, log, head, &[]));
        assert_eq!(current(&changes), Some(head));
        assert!(!changes.hold(&reads(true, 1), before, state(&changes, 10)));
        assert!(changes.is_outdated(Duration::from_mins(1)));
        assert_eq!(changes.contains(at(log, head)), head > 0 || log == 'a');
        assert!(!changes.contains(at('a', 10)));
    }
}

#[test]
fn a_lost_event_of_ones_own_and_a_hole_in_the_log_are_another_log() {
    let changes = known(10);
    changes.expect(at('a', 12));
    assert!(!follow(&changes, 'a', 11, &[]), "12 was committed here");
    let changes = known(10);
    let query = changes.query();
    let mut holed = news(&query, 'a', 12, &[]);
    holed.events.remove(1);
    assert!(!changes.follow(&query, &holed));
    let query = changes.query();
    let lineage = Uuid::from_u128(1);
    let other = News {
        lineage,
        ..news(&query, 'a', 12, &[])
    };
    assert!(changes.follow(&query, &other), "nothing was known");
    let query = changes.query();
    assert!(!changes.follow(&query, &news(&query, 'a', 12, &[])));
}

#[test]
fn own_events_on_another_log_cast_doubt() {
    for (previous, sequence) in [(at('b', 10), 11), (at('a', 4), 5), (at('b', 9), 10)] {
        let changes = known(10);
        changes.record_own(previous, &[event('b', sequence, 1, true)]);
        assert_eq!((current(&changes), changes.settled()), (None, None));
        assert!(!follow(&changes, 'b', 11, &[]));
    }
    let changes = known(10);
    assert!(follow(&changes, 'a', 11, &[event('a', 11, 1, true)]));
    changes.record_own(at('a', 10), &[event('a', 11, 1, true)]);
    assert_eq!(current(&changes), Some(11), "it was known already");
}

#[test]
fn a_snapshot_of_another_log_has_no_state() {
    let changes = known(10);
    let query = changes.query();
    assert_eq!(changes.learn(&query, &news(&query, 'b', 12, &[])), None);
    assert_eq!(current(&changes), None, "until it is confirmed");
    assert!(follow(&changes, 'a', 10, &[]));
    assert_eq!(current(&changes), Some(10));
    let query = changes.query();
    changes.forget();
    assert_eq!(changes.learn(&query, &news(&query, 'a', 10, &[])), None);
}

#[test]
fn a_server_that_was_away_may_have_lost_what_was_read_before() {
    let changes = known(10);
    let before = state(&changes, 10);
    changes.fail(true);
    assert!(changes.hold(&reads(true, 1), before, before), "meanwhile");
    assert!(follow(&changes, 'a', 10, &[]));
    assert_eq!(current(&changes), Some(10));
    assert!(!changes.hold(&reads(true, 1), before, before));
    let before = state(&changes, 10);
    changes.fail(false);
    assert!(follow(&changes, 'a', 10, &[]));
    assert!(changes.hold(&reads(true, 1), before, before));
}
