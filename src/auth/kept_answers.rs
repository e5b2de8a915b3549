//! Answers that are kept for idempotency keys, once what they show is erased. Their keys stay taken, so that nothing is done
//! twice: whoever asks again is told that the answer is not known.

use entity::{idempotency, idempotency_subject};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
    sea_query::Query,
};

use crate::error::Result;

/// Purges the answers that show any of these entries, which must be locked before.
pub async fn forget(tx: &DatabaseTransaction, entries: &[Uuid]) -> Result<()> {
    let showing = Query::select()
        .columns([
            idempotency_subject::Column::AccountId,
            idempotency_subject::Column::KeyHash,
        ])
        .from(idempotency_subject::Entity)
        .and_where(idempotency_subject::Column::SubjectId.is_in(entries.iter().copied()))
        .to_owned();
    let key = Expr::tuple([
        Expr::col(idempotency::Column::AccountId),
        Expr::col(idempotency::Column::KeyHash),
    ]);
    idempotency::Entity::update_many()
        .col_expr(idempotency::Column::Answer, Expr::value(None::<String>))
        .filter(key.in_subquery(showing))
        .exec(tx)
        .await?;
    Ok(())
}
