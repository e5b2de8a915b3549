//! Publishing, listing and removing trusted documents, by operators.

use std::collections::BTreeMap;

use entity::{Instant, trusted_document, trusted_document_counter};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    prelude::Expr, sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

use super::{Manifest, Trial};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    database::Database,
    error::{Error, ProblemCode, Result},
    id,
};

/// Documents in one statement.
const PER_STATEMENT: usize = 500;

/// A program that sends documents, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Client {
    /// Which program.
    pub name: String,
    /// Which version; empty if nobody tells them apart.
    pub version: String,
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.version.is_empty() {
            return Ok(());
        }
        write!(f, "@{}", self.version)
    }
}

/// What came of publishing.
#[derive(Debug, PartialEq, Eq)]
pub struct Published {
    /// Documents that were not there.
    pub new: usize,
    /// Documents that were there already.
    pub known: usize,
}

/// Publishes all documents of a manifest, or none of them. Each must fit the schema, be within the limits, and have an id that
/// stands for no other document.
pub async fn publish(app: &App, client: &Client, manifest: &Manifest) -> Result<Published> {
    let rows = rows(app, client, manifest)?;
    let tx = app.database.begin().await?;
    // Nobody publishes beside it, so that no id comes to stand for two documents.
    audit::hold(&tx).await?;
    let there = trusted_document::Entity::find()
        .filter(of(&client.name, Some(&client.version)))
        .all(&tx)
        .await?;
    let there: Vec<&str> = there.iter().map(|row| row.id.as_str()).collect();
    for part in rows.chunks(PER_STATEMENT) {
        refuse_ambiguous(&tx, part).await?;
    }
    let known = rows.iter().filter(|row| there.contains(&row.id.as_str()));
    let published = Published {
        known: known.count(),
        new: rows
            .iter()
            .filter(|row| !there.contains(&row.id.as_str()))
            .count(),
    };
    if published.new == 0 {
        return Ok(published);
    }
    for part in rows.chunks(PER_STATEMENT) {
        let rows = part
            .iter()
            .cloned()
            .map(trusted_document::ActiveModel::from);
        let key = [
            trusted_document::Column::Client,
            trusted_document::Column::Version,
            trusted_document::Column::Id,
        ];
        trusted_document::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(&tx)
            .await?;
    }
    changed(
        &tx,
        AuditAction::DocumentsPublished,
        client,
        app.clock.now(),
    )
    .await?;
    tx.commit().await?;
    Ok(published)
}

/// The rows of a manifest; or all that is wrong with its documents.
fn rows(app: &App, client: &Client, manifest: &Manifest) -> Result<Vec<trusted_document::Model>> {
    let trial = Trial::new(&app.config)?;
    let now = app.clock.now();
    let mut rows = Vec::with_capacity(manifest.0.len());
    let mut problems = Vec::new();
    for (id, text) in &manifest.0 {
        match trial.of(text) {
            Ok(name) => rows.push(trusted_document::Model {
                client: client.name.clone(),
                version: client.version.clone(),
                id: id.clone(),
                digest: hex::encode(Sha256::digest(text)),
                name,
                text: text.clone(),
                published_at: now,
            }),
            Err(faults) => problems.extend(faults.iter().map(|fault| format!("{id}: {fault}"))),
        }
    }
    if problems.is_empty() {
        Ok(rows)
    } else {
        Err(Error::invalid(
            ProblemCode::Invalid,
            "",
            problems.join("\n"),
        ))
    }
}

/// Refuses ids that stand for another document already, be it as its id or as its digest, and the other way round.
async fn refuse_ambiguous(
    tx: &DatabaseTransaction,
    rows: &[trusted_document::Model],
) -> Result<()> {
    let mut texts = BTreeMap::new();
    for row in rows {
        texts.insert(row.id.as_str(), row);
        texts.entry(row.digest.as_str()).or_insert(row);
    }
    let keys: Vec<&str> = texts.keys().copied().collect();
    let named = Condition::any()
        .add(trusted_document::Column::Id.is_in(keys.clone()))
        .add(trusted_document::Column::Digest.is_in(keys));
    let others = trusted_document::Entity::find()
        .filter(named)
        .all(tx)
        .await?;
    for other in others.iter().chain(rows) {
        for key in [&other.id, &other.digest] {
            let Some(row) = texts.get(key.as_str()).filter(|row| row.text != other.text) else {
                continue;
            };
            let message = format!(
                "{}: this id stands for another document of {}",
                row.id, other.client
            );
            return Err(Error::invalid(ProblemCode::Taken, "", message));
        }
    }
    Ok(())
}

/// How many documents each client has, and since when the last of them is trusted.
pub async fn list(app: &App) -> Result<BTreeMap<Client, (usize, Instant)>> {
    let mut clients = BTreeMap::new();
    for row in published(&app.database).await? {
        let client = Client {
            name: row.client,
            version: row.version,
        };
        let (count, last) = clients.entry(client).or_insert((0, row.published_at));
        *count += 1;
        *last = Ord::max(row.published_at, *last);
    }
    Ok(clients)
}

/// All documents, by their clients.
pub async fn published(database: &Database) -> Result<Vec<trusted_document::Model>> {
    let select = trusted_document::Entity::find()
        .order_by_asc(trusted_document::Column::Client)
        .order_by_asc(trusted_document::Column::Version)
        .order_by_asc(trusted_document::Column::Id);
    database.rows(select).await
}

/// Trusts the documents of a client, or of one version of it, no more. Returns how many there were.
pub async fn remove(app: &App, name: &str, version: Option<&str>) -> Result<u64> {
    let tx = app.database.begin().await?;
    let removed = trusted_document::Entity::delete_many()
        .filter(of(name, version))
        .exec(&tx)
        .await?;
    if removed.rows_affected > 0 {
        let client = Client {
            name: name.to_owned(),
            version: version.unwrap_or_default().to_owned(),
        };
        changed(&tx, AuditAction::DocumentsRemoved, &client, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(removed.rows_affected)
}

fn of(name: &str, version: Option<&str>) -> Condition {
    Condition::all()
        .add(trusted_document::Column::Client.eq(name))
        .add_option(version.map(|version| trusted_document::Column::Version.eq(version)))
}

/// Lets running servers notice, and the log tell.
async fn changed(
    tx: &DatabaseTransaction,
    action: AuditAction,
    client: &Client,
    now: Instant,
) -> Result<()> {
    let changes = trusted_document_counter::Column::Changes;
    trusted_document_counter::Entity::update_many()
        .col_expr(changes, Expr::col(changes).add(1))
        .col_expr(
            trusted_document_counter::Column::Version,
            Expr::value(id::secret()),
        )
        .exec(tx)
        .await?;
    let event = AuditEvent::new(action, None).at(client.to_string());
    audit::append(tx, vec![event], None, now).await
}
