//! What a change of a milestone writes, as bare statements.

use kindling::clock::Clock;
use sea_orm::prelude::{DateTimeUtc, Uuid};
use sea_orm::sqlx::{
    ColumnIndex, Connection, Database, Decode, Encode, Executor, IntoArguments, Type, query,
    query_scalar, types::Json,
};
use serde_json::{Value, json};

use crate::editor::{BODY, DATE, Entry, title};
use crate::support::Failure;

const ENTRY: &str = "UPDATE entry SET latest_revision = $1, updated_at = $2 WHERE id = $3";
const LATEST: &str = "UPDATE milestone SET latest = FALSE WHERE entry_id = $1 AND latest";
const REVISION: &str =
    "INSERT INTO revision (entry_id, number, saved_at, saved_by, message, changed_fields)
    VALUES ($1, $2, $3, $4, NULL, $5)";
const MILESTONE: &str = "INSERT INTO milestone (entry_id, revision, latest, published, saved_at, text_revisions,
    date, end_date, title, body, image) VALUES ($1, $2, TRUE, FALSE, $3, $4, $5, NULL, $6, $7, NULL)";
const SEARCH_TEXT: &str = "INSERT INTO search_text (entry_id, text) VALUES ($1, $2)
    ON CONFLICT (entry_id) DO UPDATE SET text = excluded.text";
const COUNTER: &str = "UPDATE event_counter SET last_sequence = last_sequence + 1 WHERE id = 1
    RETURNING last_sequence";
const EVENT: &str =
    "INSERT INTO event (sequence, occurred_at, actor_id, action, entry_id, entry_type, revision,
    account_id) VALUES ($1, $2, $3, 'entry.updated', $4, 'milestone', $5, NULL)";

/// Any account: the column has no foreign key, so that the log outlives accounts.
const ACTOR: Uuid = Uuid::from_u128(0x6b69_6e64_6c69_6e67);

/// Writes the next revision of the entry in one transaction. Nothing is read, checked or compared.
pub(crate) async fn write<DB>(
    connection: &mut DB::Connection,
    begin: &'static str,
    entry: &mut Entry,
) -> Result<(), Failure>
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    usize: ColumnIndex<DB::Row>,
    i64: for<'r> Decode<'r, DB> + for<'q> Encode<'q, DB> + Type<DB>,
    i32: for<'q> Encode<'q, DB> + Type<DB>,
    Uuid: for<'q> Encode<'q, DB> + Type<DB>,
    String: for<'q> Encode<'q, DB> + Type<DB>,
    DateTimeUtc: for<'q> Encode<'q, DB> + Type<DB>,
    Json<Value>: for<'q> Encode<'q, DB> + Type<DB>,
{
    let (id, revision, title) = (entry.uuid()?, entry.revision + 1, title(entry.revision + 1));
    let now: DateTimeUtc = Clock::system().now();
    let said = format!("{title}\n{BODY}").to_lowercase();
    let texts = [
        json!({ "en": revision }),
        json!({ "en": title }),
        json!({ "en": BODY }),
    ];
    let [text_revisions, title, body] = texts.map(Json);
    let mut tx = connection.begin_with(begin).await?;
    let write = query::<DB>(ENTRY).bind(revision).bind(now).bind(id);
    write.execute(&mut *tx).await?;
    query::<DB>(LATEST).bind(id).execute(&mut *tx).await?;
    let write = query::<DB>(REVISION)
        .bind(id)
        .bind(revision)
        .bind(now)
        .bind(ACTOR);
    let write = write.bind(Json(json!(["title.en"])));
    write.execute(&mut *tx).await?;
    let write = query::<DB>(MILESTONE).bind(id).bind(revision).bind(now);
    let write = write
        .bind(text_revisions)
        .bind(DATE.to_owned())
        .bind(title)
        .bind(body);
    write.execute(&mut *tx).await?;
    query::<DB>(SEARCH_TEXT)
        .bind(id)
        .bind(said)
        .execute(&mut *tx)
        .await?;
    let sequence: i64 = query_scalar::<DB, i64>(COUNTER).fetch_one(&mut *tx).await?;
    let write = query::<DB>(EVENT)
        .bind(sequence)
        .bind(now)
        .bind(ACTOR)
        .bind(id)
        .bind(revision);
    write.execute(&mut *tx).await?;
    tx.commit().await?;
    entry.revision = revision;
    Ok(())
}
