//! Changes on SQLite that come at the same time share one commit: all that is acknowledged is on disk, and nothing of what
//! is not.

use std::{collections::BTreeSet, time::Duration};

use kindling::{
    database::{Database, Transaction},
    error::{Error, Result},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::sleep};

/// Long enough for a task to have come to where it waits.
const A_MOMENT: Duration = Duration::from_millis(50);

/// A database with a table that tests can write into.
struct World {
    database: Database,
    reader: DatabaseConnection,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let url = format!("sqlite://{}/test.db", folder.path().display());
        let database = Database::connect(&url, 1).await.expect("a database");
        let tx = database.begin().await.expect("a transaction");
        tx.execute_unprepared("CREATE TABLE note (number INTEGER PRIMARY KEY, text TEXT)")
            .await
            .expect("a table");
        tx.commit().await.expect("a commit");
        let reader = sea_orm::Database::connect(&url).await.expect("a reader");
        Self {
            database,
            reader,
            _folder: folder,
        }
    }

    async fn begin(&self) -> Transaction {
        self.database.begin().await.expect("a transaction")
    }

    /// A task that waits for its turn.
    async fn waiting(&self) -> JoinHandle<Transaction> {
        let database = self.database.clone();
        let task = tokio::spawn(async move { database.begin().await.expect("a transaction") });
        sleep(A_MOMENT).await;
        task
    }

    /// What is on disk, as another process sees it.
    async fn on_disk(&self) -> BTreeSet<i64> {
        numbers(&self.reader).await
    }
}

async fn numbers(connection: &impl ConnectionTrait) -> BTreeSet<i64> {
    let backend = connection.get_database_backend();
    let select = Statement::from_string(backend, "SELECT number FROM note");
    let rows = connection.query_all_raw(select).await.expect("rows");
    let number = |row: &QueryResult| row.try_get("", "number").expect("a number");
    rows.iter().map(number).collect()
}

async fn write(tx: &Transaction, number: i64) -> Result<()> {
    let insert = format!(
        "INSERT INTO note (number, text) VALUES ({number}, '{:200}')",
        ""
    );
    tx.execute_unprepared(&insert).await?;
    Ok(())
}

/// Begins to commit, which cannot end before those have had their turn who wait for it.
async fn committing(tx: Transaction) -> JoinHandle<Result<()>> {
    let task = tokio::spawn(tx.commit());
    sleep(A_MOMENT).await;
    task
}

#[tokio::test]
async fn a_change_is_told_to_be_done_when_it_is_on_disk() {
    let world = World::new().await;
    let first = world.begin().await;
    let second = world.waiting().await;
    write(&first, 1).await.expect("a change");
    let first = committing(first).await;
    let second = second.await.expect("its turn");
    assert!(!first.is_finished(), "its commit is shared with the second");
    assert_eq!(
        (numbers(&second).await, world.on_disk().await),
        ([1].into(), [].into())
    );
    write(&second, 2).await.expect("a change");
    second.commit().await.expect("a commit");
    first.await.expect("a task").expect("a commit");
    assert_eq!(world.on_disk().await, [1, 2].into());
}

#[tokio::test]
async fn what_was_given_up_is_not_there_and_holds_nobody_up() {
    let world = World::new().await;
    let first = world.begin().await;
    let (second, third) = (world.waiting().await, world.waiting().await);
    write(&first, 1).await.expect("a change");
    let first = committing(first).await;
    let second = second.await.expect("its turn");
    write(&second, 2).await.expect("a change");
    assert!(write(&second, 1).await.is_err(), "the number is taken");
    drop(second);
    let third = third.await.expect("its turn");
    assert_eq!(numbers(&third).await, [1].into());
    write(&third, 3).await.expect("a change");
    drop(third);
    first.await.expect("a task").expect("a commit");
    assert_eq!(world.on_disk().await, [1].into());
    write(&world.begin().await, 4)
        .await
        .expect("a change that is given up");
    assert_eq!(numbers(&world.begin().await).await, [1].into());
}

#[tokio::test]
async fn a_commit_goes_on_when_nobody_waits_for_it() {
    let world = World::new().await;
    let first = world.begin().await;
    let second = world.waiting().await;
    write(&first, 1).await.expect("a change");
    committing(first).await.abort();
    drop(second.await.expect("its turn"));
    let on_disk = async {
        while world.on_disk().await.is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), on_disk).await;
    assert!(waited.is_ok(), "it is not carried through");
    assert_eq!(world.on_disk().await, [1].into());
}

#[tokio::test]
async fn where_the_disk_is_full_nobody_is_told_that_anything_was_done() {
    let world = World::new().await;
    let first = world.begin().await;
    let (second, third) = (world.waiting().await, world.waiting().await);
    write(&first, 1).await.expect("a change");
    let first = committing(first).await;
    let second = second.await.expect("its turn");
    // No larger than it is: SQLite fails as if the disk were full, and takes back all of the transaction.
    second
        .execute_unprepared("PRAGMA max_page_count = 1")
        .await
        .expect("a limit");
    let mut number = 100;
    let full = loop {
        number += 1;
        if let Err(error) = write(&second, number).await {
            break error;
        }
    };
    assert!(matches!(full, Error::Unavailable(_)), "{full:?}");
    drop(second);
    let third = third.await.expect("its turn");
    let told = first.await.expect("a task");
    assert!(matches!(told, Err(Error::Unavailable(_))), "{told:?}");
    // A new connection has no such limit.
    assert_eq!(numbers(&third).await, [].into());
    write(&third, 3).await.expect("a change");
    third.commit().await.expect("a commit");
    assert_eq!(world.on_disk().await, [3].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_those_are_there_who_were_told_so() {
    let world = World::new().await;
    let tasks: Vec<_> = (0..400)
        .map(|number| tokio::spawn(one_of_many(world.database.clone(), number)))
        .collect();
    let mut told = BTreeSet::new();
    for task in tasks {
        told.extend(task.await.expect("a task"));
    }
    assert_eq!(told, (0..400).filter(|number| number % 4 < 2).collect());
    assert_eq!(world.on_disk().await, told);
}

/// Some commit, some give up, some fail, some are cut off.
async fn one_of_many(database: Database, number: i64) -> Option<i64> {
    let tx = database.begin().await.expect("a transaction");
    write(&tx, number).await.expect("a change");
    match number % 4 {
        0 | 1 => tx.commit().await.ok().map(|()| number),
        2 => {
            assert!(write(&tx, number).await.is_err(), "the number is taken");
            None
        }
        _ => {
            let cut_off = tokio::time::timeout(Duration::from_micros(20), write(&tx, -number));
            drop(cut_off.await);
            None
        }
    }
}
