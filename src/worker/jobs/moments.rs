//! Stored moments that lie ahead of the clock: they were written by a clock that was ahead, and are bounded by what their rule
//! allows from now on.
//!
//! Whoever reads a moment counts it from when the clock was set right (see [`Clock::began`](crate::clock::Clock::began)), which
//! this instance knows for as long as it runs. Here that is written down, for all instances and for the next start.

use chrono::TimeDelta;
use entity::{
    Instant, account_link, api_token, attempt, audit_event, challenge, idempotency, job,
    preview_link, refresh_token, revision, session, setup_token,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, IdenStatic, QueryFilter, prelude::Expr};

use crate::{
    app::App,
    auth::{
        FRESH, api_token::LONGEST_OVERLAP, challenge::MIN_LIFE, link, session::REFRESH_LIFE, setup,
    },
    clock::SKEW,
    error::Result,
};

/// Longer than any attempt must wait.
const MAX_WAIT: TimeDelta = TimeDelta::hours(1);

/// Bounds all of them. Moments that decide nothing stay as they are, and so do those of content that others can see; signing keys and authenticator apps
/// bound theirs themselves.
pub(super) async fn bound(app: &App) -> Result<()> {
    let now = app.clock.now();
    // What was confirmed ahead was not confirmed a moment ago.
    let not_fresh = now - FRESH - SKEW;
    to::<session::Entity>(app, session::Column::PasswordAt, now, not_fresh).await?;
    let at_most = [
        (session::Column::LastSeenAt, now),
        (session::Column::EndedAt, now),
        (session::Column::ExpiresAt, now + REFRESH_LIFE),
    ];
    for (column, latest) in at_most {
        to::<session::Entity>(app, column, latest, latest).await?;
    }
    let (expires, used) = (
        refresh_token::Column::ExpiresAt,
        refresh_token::Column::UsedAt,
    );
    to::<refresh_token::Entity>(app, expires, now + REFRESH_LIFE, now + REFRESH_LIFE).await?;
    // Not a moment ago: that would pass for a token that was sent twice at once.
    to::<refresh_token::Entity>(app, used, now, now - SKEW).await?;
    to::<attempt::Entity>(app, attempt::Column::LastAt, now, now).await?;
    to::<attempt::Entity>(app, attempt::Column::NextAt, now + MAX_WAIT, now + MAX_WAIT).await?;
    let latest = now + MIN_LIFE;
    to::<challenge::Entity>(app, challenge::Column::ExpiresAt, latest, latest).await?;
    let latest = now + link::LIFE;
    to::<account_link::Entity>(app, account_link::Column::ExpiresAt, latest, latest).await?;
    let latest = now + setup::LIFE;
    to::<setup_token::Entity>(app, setup_token::Column::ExpiresAt, latest, latest).await?;
    let latest = now + TimeDelta::seconds(LONGEST_OVERLAP.into());
    to::<api_token::Entity>(app, api_token::Column::PreviousExpiresAt, latest, latest).await?;
    to::<api_token::Entity>(app, api_token::Column::LastUsedAt, now, now).await?;
    to::<audit_event::Entity>(app, audit_event::Column::OccurredAt, now, now).await?;
    preview_links(app, now).await?;
    to::<job::Entity>(app, job::Column::CreatedAt, now, now).await?;
    to::<job::Entity>(app, job::Column::FailedAt, now, now).await?;
    to::<idempotency::Entity>(app, idempotency::Column::CreatedAt, now, now).await?;
    // Kept for a day from now on: an open form may still be based on it.
    to::<revision::Entity>(app, revision::Column::ReplacedAt, now, now).await
}

/// Lets preview links begin now that were made ahead: each has a life of its own.
async fn preview_links(app: &App, now: Instant) -> Result<()> {
    let tx = app.database.begin().await?;
    let ahead = preview_link::Column::CreatedAt.gt(now + SKEW);
    for row in preview_link::Entity::find().filter(ahead).all(&tx).await? {
        let bounded = preview_link::ActiveModel {
            id: Set(row.id),
            created_at: Set(now),
            expires_at: Set(now + (row.expires_at - row.created_at)),
            ..Default::default()
        };
        preview_link::Entity::update(bounded)
            .validate()?
            .exec(&tx)
            .await?;
    }
    tx.commit().await
}

/// Sets the moments of a column that are later than `latest` to another one.
async fn to<E: EntityTrait>(
    app: &App,
    column: E::Column,
    latest: Instant,
    moment: Instant,
) -> Result<()> {
    let tx = app.database.begin().await?;
    let bounded = E::update_many()
        .col_expr(column, Expr::value(moment))
        .filter(column.gt(latest + SKEW))
        .exec(&tx)
        .await?;
    if bounded.rows_affected > 0 {
        tx.commit().await?;
        let count = bounded.rows_affected;
        tracing::warn!(
            count,
            column = column.as_str(),
            "moments lay ahead of the clock: one was set wrong for a while"
        );
    }
    Ok(())
}
