//! The seal: the end of a change, in which all of its steps become true together.
//!
//! Whoever seals holds the counter of the log, and so sees what everybody before has committed, and nobody beside it. No entry
//! may be locked from then on, or two changes could wait for each other. So a seal consumes the change: `Sealing` has no steps.

use std::collections::{HashMap, HashSet};

use entity::{Instant, entry, entry_id::EntryId, event_counter};
use futures_util::future::BoxFuture;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    prelude::{Expr, Uuid},
};
use tracing::Instrument;

use super::{
    change::Change,
    publish::{NetMoves, PublicMove},
};
use crate::{
    app::App,
    error::{Error, Result},
    event::{self, Action, moment},
    id,
    telemetry::traces,
};

/// What follows the commit of a change.
pub(super) type Hook = Box<dyn FnOnce(App) -> BoxFuture<'static, ()> + Send + Sync>;

/// A change that holds the counter of the log, and takes no more steps.
pub(super) struct Sealing {
    change: Change,
    moment: Instant,
    batch: Uuid,
}

impl Change {
    /// Makes all steps true for everybody. Returns only when that is safe on disk, and what follows the commit is done. A change
    /// of which a step failed halfway is refused as a whole.
    ///
    /// # Errors
    ///
    /// Whatever does not fit once all steps are done: a public entry that is not whole, an address that is taken, a reference
    /// that is required to what is public no more. Nothing was changed then.
    pub async fn seal(self) -> Result<()> {
        // On the heap: whoever seals would carry all of this through their own futures.
        Box::pin(self.seal_steps()).await
    }

    async fn seal_steps(mut self) -> Result<()> {
        self.refuse_if_half_done()?;
        let moves = self.net_moves();
        self.settle_events(&moves);
        if moves.raised.is_empty() && moves.withdrawn.is_empty() && self.trash.is_empty() {
            let now = self.now;
            return self.conclude(now).await;
        }
        let problems = self.incomplete(&moves.raised).await?;
        let mut sealing = Sealing::begin(self).await?;
        // On the heap: it has a part for each content type.
        let problems = Box::pin(sealing.move_public(&moves, problems)).await?;
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let Sealing { change, moment, .. } = sealing;
        Box::pin(change.refuse_if_required(&moves.withdrawn)).await?;
        change.conclude(moment).await
    }

    /// Has this done after the commit, even if nobody waits for the change any more.
    pub(super) fn after_commit<F>(&mut self, hook: impl FnOnce(App) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.hooks.push(Box::new(|app| Box::pin(hook(app))));
    }

    /// Whether the steps put the entry into the trash.
    pub(super) fn is_archived(&self, id: EntryId) -> bool {
        self.trash.get(&id).is_some_and(Option::is_some)
    }

    /// The entries that are to be in the trash in the end.
    pub(super) fn archived(&self) -> impl Iterator<Item = EntryId> {
        let archived = self.trash.iter().filter(|(_, since)| since.is_some());
        archived.map(|(id, _)| *id)
    }

    /// Puts entries into the trash, and takes others out of it. What goes must be public no more, and what is to be public comes
    /// before that.
    pub(super) async fn move_trash(&self) -> Result<()> {
        let restored = self.trash.iter().filter(|(_, since)| since.is_none());
        let restored: Vec<EntryId> = restored.map(|(id, _)| *id).collect();
        let archived: Vec<EntryId> = self.archived().collect();
        for (ids, since) in [(archived, Some(self.now)), (restored, None)] {
            if ids.is_empty() {
                continue;
            }
            entry::Entity::update_many()
                .col_expr(entry::Column::ArchivedAt, Expr::value(since))
                .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
                .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
                .exec(&self.tx)
                .await?;
        }
        Ok(())
    }

    /// What the steps come to for what is public.
    pub(super) fn net_moves(&mut self) -> NetMoves {
        let mut net = NetMoves::default();
        for (id, to) in std::mem::take(&mut self.moves) {
            let before = self.locks.public_before(id.uuid);
            let is_archived = self.is_archived(id);
            match to {
                // One that is in the trash is told to be so, also if it was public before.
                PublicMove::Raise(candidate)
                    if before != Some(candidate.revision) || is_archived =>
                {
                    net.raised.push(candidate);
                }
                PublicMove::Withdraw if before.is_some() => net.withdrawn.push(id),
                PublicMove::Raise(_) | PublicMove::Withdraw => {}
            }
        }
        net
    }

    /// Leaves one event for each entry that becomes public or ceases to be, where the last step had it, and none for those that
    /// end as they began.
    fn settle_events(&mut self, moves: &NetMoves) {
        let raised = moves.raised.iter();
        let raised = raised.map(|candidate| (candidate.id, Action::EntryPublished));
        let withdrawn = moves.withdrawn.iter();
        let withdrawn = withdrawn.map(|id| (*id, Action::EntryUnpublished));
        let net: HashMap<EntryId, Action> = raised.chain(withdrawn).collect();
        let mut settled = HashSet::new();
        let mut events = std::mem::take(&mut self.events);
        events.reverse();
        events.retain(|event| match event.action {
            Action::EntryPublished | Action::EntryUnpublished => {
                net.get(&event.entry) == Some(&event.action) && settled.insert(event.entry)
            }
            _ => true,
        });
        events.reverse();
        self.events = events;
    }

    async fn conclude(self, now: Instant) -> Result<()> {
        let by = self.principal.by();
        let recorded = event::record(&self.tx, &self.events, by, now).await?;
        self.counts.record(&self.tx).await?;
        let ending = traces::carried(self.end(recorded).in_current_span());
        tokio::spawn(ending).await.map_err(Error::internal)?
    }

    /// Commits, and does what follows. No file that the change erases is served from here on.
    async fn end(mut self, recorded: event::Recorded) -> Result<()> {
        let files: Vec<String> = std::mem::take(&mut self.erased_files).into_iter().collect();
        self.app.media.withhold(&files);
        if let Err(error) = self.tx.commit().await {
            self.app.media.release(&files);
            return Err(error);
        }
        event::tail::record_own(&self.app.database.changes, &self.events, &recorded);
        for hook in self.hooks {
            hook(self.app.clone()).await;
        }
        Ok(())
    }
}

impl Sealing {
    /// Takes the counter, and the moment at which everything that the change publishes becomes public, and everything that it
    /// withdraws ceases to be. It is later than that of each change before it in the log, whatever the clocks of the instances
    /// say.
    async fn begin(change: Change) -> Result<Self> {
        let counter = event::hold(&change.tx).await?;
        let mut sealing = Self {
            change,
            moment: counter.last_publication_at,
            batch: id::new(),
        };
        sealing.moment = sealing.next_moment(&counter).await?;
        moment::record_publication(&sealing.change.tx, sealing.moment).await?;
        Ok(sealing)
    }

    async fn next_moment(&self, counter: &event_counter::Model) -> Result<Instant> {
        let now = self.change.app.clock.now();
        let last = if moment::lies_ahead(counter.last_publication_at, now) {
            self.clamp_publications(now).await?
        } else {
            counter.last_publication_at
        };
        let after = if moment::lies_ahead(counter.last_at, now) {
            now
        } else {
            counter.last_at
        };
        Ok(Ord::max(Ord::max(now, after), last + moment::TICK))
    }

    /// When what the change publishes becomes public.
    pub(super) fn moment(&self) -> Instant {
        self.moment
    }

    /// What names everything that becomes public or ceases to be with the change.
    pub(super) fn batch(&self) -> Uuid {
        self.batch
    }

    /// Its transaction.
    pub(super) fn tx(&self) -> &DatabaseTransaction {
        &self.change.tx
    }

    /// The change.
    pub(super) fn change(&self) -> &Change {
        &self.change
    }

    /// The change, to count what moves.
    pub(super) fn change_mut(&mut self) -> &mut Change {
        &mut self.change
    }
}
