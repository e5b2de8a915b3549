//! Mail that is yet to be sent: put there in the transaction of what it tells, sealed, and handed over beside all requests.

use chrono::TimeDelta;
use entity::mail;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
    prelude::{Expr, Uuid},
};
use serde::{Deserialize, Serialize};

use super::{
    Letter,
    smtp::{Failure, Server},
};
use crate::{
    clock::{Clock, SKEW},
    config::Config,
    crypto::{Secret, vault::Vault},
    database::Database,
    error::{Error, Result},
    id,
    telemetry::{
        meter::Counters,
        metrics::Mails,
        outage::{self, Outage},
    },
};

/// Longer than handing a mail over may take: until then nobody else tries.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How long the first mail that was not taken waits; after each further try twice as long.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(15);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// How long it is tried to send a mail: as long as the link in it holds.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(72);
/// How many mails are taken up at once.
const AT_ONCE: u64 = 50;

/// A mail as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The mail that waits, and what sends it.
pub struct Outbox<'a> {
    /// The settings, which name the server.
    pub config: &'a Config,
    /// Where mail waits.
    pub database: &'a Database,
    /// What seals it.
    pub vault: &'a Vault,
    /// The time.
    pub clock: &'a Clock,
    /// What counts what becomes of mail.
    pub meter: &'a Counters<Mails>,
}

impl Outbox<'_> {
    /// Puts a letter to this address into the transaction; if the settings name no mail server, it does nothing.
    pub async fn put(&self, tx: &DatabaseTransaction, to: &str, letter: &Letter) -> Result<()> {
        if self.config.smtp_url.is_none() {
            return Ok(());
        }
        let (id, now) = (id::new(), self.clock.now());
        let content = Content {
            to: to.to_owned(),
            subject: letter.subject.clone(),
            text: letter.text(),
            html: letter.html(),
        };
        let content = serde_json::to_string(&content).map_err(Error::internal)?;
        let row = mail::ActiveModel {
            id: Set(id),
            message: Set(self.vault.seal(&place(id), &Secret::new(content))?),
            due_at: Set(now),
            tries: Set(0),
            created_at: Set(now),
        };
        mail::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Hands over the mail that is due. Several instances never try the same one at once.
    pub async fn send(&self) -> Result<()> {
        let now = self.clock.now();
        // What is due later than any wait ends was put off by a clock that was ahead.
        let is_due = Condition::any()
            .add(mail::Column::DueAt.lte(now))
            .add(mail::Column::DueAt.gt(now + LONGEST_WAIT + SKEW));
        let due = mail::Entity::find()
            .filter(is_due)
            .order_by_asc(mail::Column::DueAt)
            .limit(AT_ONCE);
        let due = self.database.rows(due).await?;
        if due.is_empty() {
            return Ok(());
        }
        let Some(server) = Server::of(self.config)? else {
            return Ok(());
        };
        for row in due {
            if !self.lease(&row).await? {
                continue;
            }
            match server.send(row.id, &self.opened(&row)?).await {
                Ok(()) => {
                    self.meter.count(Mails::Sent);
                    outage::ended(Outage::MailServer);
                    self.remove(row.id).await?;
                }
                Err(failure) => {
                    self.meter.count(Mails::NotTaken);
                    let tries = row.tries + 1;
                    self.put_off(row.id, tries).await?;
                    if matches!(failure, Failure::NoServer(_)) {
                        outage::failed(
                            Outage::MailServer,
                            &format!("a mail was not sent: {failure}"),
                        );
                        break;
                    }
                    tracing::warn!(mail = %row.id, tries, %failure, "a mail was not sent, and is tried again");
                }
            }
        }
        Ok(())
    }

    /// Removes the mail that could not be sent for too long.
    pub async fn give_up(&self) -> Result<()> {
        let before = self.clock.now() - GIVEN_UP_AFTER;
        let tx = self.database.begin().await?;
        let removed = mail::Entity::delete_many()
            .filter(mail::Column::CreatedAt.lte(before))
            .exec_with_returning(&tx)
            .await?;
        tx.commit().await?;
        for row in removed {
            self.meter.count(Mails::GivenUp);
            tracing::warn!(mail = %row.id, tries = row.tries, "a mail could not be sent for three days, and is gone");
        }
        Ok(())
    }

    /// How many mails wait.
    pub async fn waiting(&self) -> Result<u64> {
        let count = mail::Entity::find();
        self.database.count(count).await
    }

    /// Whether it is ours to try: of several who want it, one gets it.
    async fn lease(&self, row: &mail::Model) -> Result<bool> {
        let until = self.clock.now() + LEASE;
        let tx = self.database.begin().await?;
        let leased = mail::Entity::update_many()
            .col_expr(mail::Column::DueAt, Expr::value(until))
            .col_expr(mail::Column::Tries, Expr::col(mail::Column::Tries).add(1))
            .filter(mail::Column::Id.eq(row.id))
            .filter(mail::Column::Tries.eq(row.tries))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(leased.rows_affected == 1)
    }

    async fn put_off(&self, id: Uuid, tries: i32) -> Result<()> {
        let until = self.clock.now() + wait(tries);
        let tx = self.database.begin().await?;
        mail::Entity::update_many()
            .col_expr(mail::Column::DueAt, Expr::value(until))
            .filter(mail::Column::Id.eq(id))
            .filter(mail::Column::Tries.eq(tries))
            .exec(&tx)
            .await?;
        tx.commit().await
    }

    async fn remove(&self, id: Uuid) -> Result<()> {
        let tx = self.database.begin().await?;
        mail::Entity::delete_by_id(id).exec(&tx).await?;
        tx.commit().await
    }

    fn opened(&self, row: &mail::Model) -> Result<Content> {
        let content = self.vault.open_sealed(&place(row.id), &row.message)?;
        serde_json::from_str(content.expose()).map_err(Error::internal)
    }
}

/// How long a mail waits that was tried so often.
fn wait(tries: i32) -> TimeDelta {
    let doublings = u32::try_from(tries.clamp(1, 20) - 1).unwrap_or(0);
    std::cmp::min(FIRST_WAIT * 2_i32.pow(doublings), LONGEST_WAIT)
}

/// Where a mail is sealed for.
fn place(id: Uuid) -> String {
    format!("mail:{}", id.simple())
}
