//! What can happen to entries of any type: mutations that take ids.

use std::collections::HashSet;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::entry_id::EntryId;

use super::usage::Usage;
use crate::{
    auth::Right,
    content::{
        given::Given,
        lifecycle::{Done, Step, Target},
        patch::TWICE,
        scalar::Locale,
        types::{AnyEntry, Reader, entries_after, parse_id, reader},
        user_error::UserError,
    },
    error::{Error, Problem, ProblemCode, Result},
};

/// An entry, and the revision that you saw of it.
#[derive(Clone, Debug, InputObject)]
pub struct EntryTarget {
    /// The entry.
    id: ID,
    /// The latest revision, as far as you know: if there is a newer one, that is a conflict, and nothing is changed.
    expected_revision: Option<Given<i32>>,
}

/// What is to become public.
#[derive(Clone, Debug, InputObject)]
pub struct PublishEntriesInput {
    /// The entries; at most 100.
    pub(super) entries: Vec<EntryTarget>,
    /// Whether entries that they refer to, directly or through others, become public, too, if they are not.
    #[graphql(default)]
    with_dependencies: bool,
    /// Only the texts in this locale become public; the rest of each draft stays a draft.
    locale: Option<Given<Locale>>,
}

/// What is to happen to entries.
#[derive(Clone, Debug, InputObject)]
pub struct EntriesInput {
    /// The entries; at most 100.
    entries: Vec<EntryTarget>,
}

/// Which entries are to go.
#[derive(Clone, Debug, InputObject)]
pub struct RemoveEntriesInput {
    /// The entries; at most 100.
    entries: Vec<EntryTarget>,
    /// Matters to `eraseEntries` alone: whether references of others to them are removed, where these are not required. What is
    /// unpublished or archived keeps its place with those who refer to it.
    #[graphql(default)]
    force: bool,
}

/// Writes what a mutation gives back.
macro_rules! payloads {
    ($($payload:ident { $($usages:ident)? })+) => {$(
        /// What came of it.
        #[derive(SimpleObject)]
        pub struct $payload {
            /// The entries, as an editor sees them now; none if nothing was changed.
            entries: Vec<AnyEntry>,
            $(
                /// The places that refer to the entries and no longer show them. The references stay, and resolve again once the entries
                /// are public again. Entries that you may not read are left out.
                $usages: Vec<Usage>,
            )?
            /// What is to be put right; then nothing was changed.
            user_errors: Vec<UserError>,
        }

        impl From<Outcome> for $payload {
            fn from(outcome: Outcome) -> Self {
                Self {
                    entries: outcome.entries,
                    $($usages: outcome.$usages,)?
                    user_errors: outcome.user_errors,
                }
            }
        }
    )+};
}

payloads! {
    PublishEntriesPayload {}
    UnpublishEntriesPayload { hidden_in }
    DiscardDraftsPayload {}
    ArchiveEntriesPayload { hidden_in }
    RestoreEntriesPayload {}
}

/// What came of it.
#[derive(SimpleObject)]
pub struct EraseEntriesPayload {
    /// The ids of the entries that are gone; none if nothing was changed.
    erased_ids: Vec<ID>,
    /// What is to be put right; then nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of a step, as payloads give it back.
#[derive(Default)]
struct Outcome {
    entries: Vec<AnyEntry>,
    hidden_in: Vec<Usage>,
    user_errors: Vec<UserError>,
}

/// Mutations of entries of any type.
#[derive(Default)]
pub struct EntryMutation;

#[Object]
impl EntryMutation {
    /// Makes the latest revisions public: of all entries, or of none.
    async fn publish_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to become public.")] input: PublishEntriesInput,
    ) -> Result<PublishEntriesPayload> {
        run(ctx, &input.entries, input.step()).await.map(Into::into)
    }

    /// Makes the entries public no more: all of them, or none.
    async fn unpublish_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: RemoveEntriesInput,
    ) -> Result<UnpublishEntriesPayload> {
        run(ctx, &input.entries, Ok(Step::Unpublish))
            .await
            .map(Into::into)
    }

    /// Goes back to the public revision of each entry. What was saved since stays in the history.
    async fn discard_drafts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: EntriesInput,
    ) -> Result<DiscardDraftsPayload> {
        run(ctx, &input.entries, Ok(Step::DiscardDrafts))
            .await
            .map(Into::into)
    }

    /// Puts the entries into the trash: all of them, or none. They are public no more.
    async fn archive_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: RemoveEntriesInput,
    ) -> Result<ArchiveEntriesPayload> {
        run(ctx, &input.entries, Ok(Step::Archive))
            .await
            .map(Into::into)
    }

    /// Takes the entries out of the trash. They are not public until they are published.
    async fn restore_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: EntriesInput,
    ) -> Result<RestoreEntriesPayload> {
        run(ctx, &input.entries, Ok(Step::Restore))
            .await
            .map(Into::into)
    }

    /// Erases entries that lie in the trash for ever, with their history and files. It needs a fresh password.
    async fn erase_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: RemoveEntriesInput,
    ) -> Result<EraseEntriesPayload> {
        let step = Ok(Step::Erase { force: input.force });
        let (done, user_errors) = UserError::split(change(ctx, &input.entries, step).await)?;
        let done = done.unwrap_or_default();
        Ok(EraseEntriesPayload {
            erased_ids: done
                .entries
                .iter()
                .map(|id| id.to_string().into())
                .collect(),
            user_errors,
        })
    }
}

/// Questions about what mutations of entries would do.
#[derive(Default)]
pub struct EntryQuery;

#[Object]
impl EntryQuery {
    /// Everything that would keep the entries from becoming public; nothing if they can. For those who may publish them.
    async fn check_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to become public.")] input: PublishEntriesInput,
    ) -> Result<Vec<UserError>> {
        let checked = async {
            let reader = reader(ctx)?;
            let step = allowed(reader, input.step())?;
            let targets = targets(&input.entries)?;
            let mut trial = reader.trial().await?;
            trial.apply(&targets, step).await?;
            trial.check().await
        };
        Ok(UserError::split(checked.await)?.1)
    }
}

impl PublishEntriesInput {
    /// What is to happen to the entries.
    pub(super) fn step(&self) -> Result<Step> {
        let with_dependencies = self.with_dependencies;
        let Some(locale) = self.locale.clone() else {
            return Ok(Step::Publish { with_dependencies });
        };
        if with_dependencies {
            let message = "goes without withDependencies";
            return Err(Error::invalid(ProblemCode::Invalid, "locale", message));
        }
        Ok(Step::PublishLocale(locale.at("locale")?.0))
    }
}

async fn run(ctx: &Context<'_>, entries: &[EntryTarget], step: Result<Step>) -> Result<Outcome> {
    let (done, user_errors) = UserError::split(change(ctx, entries, step).await)?;
    let Some(done) = done else {
        return Ok(Outcome {
            user_errors,
            ..Outcome::default()
        });
    };
    let entries = ctx.look_ahead().field("entries");
    let entries = entries_after(ctx, entries, &done.entries).await?;
    Ok(Outcome {
        entries: entries.into_iter().flatten().collect(),
        hidden_in: usages_after(ctx, done.usages).await?,
        user_errors,
    })
}

async fn usages_after(ctx: &Context<'_>, usages: Vec<crate::error::Usage>) -> Result<Vec<Usage>> {
    let selection = ctx.look_ahead().field("hiddenIn");
    if !selection.exists() {
        return Ok(Vec::new());
    }
    let owners: Vec<EntryId> = usages.iter().map(|usage| usage.owner).collect();
    let owners = entries_after(ctx, selection.field("entry"), &owners).await?;
    let usages = owners.into_iter().zip(usages);
    Ok(usages
        .filter_map(|(entry, usage)| Some(Usage::new(entry?, usage.field)))
        .collect())
}

async fn change(ctx: &Context<'_>, entries: &[EntryTarget], step: Result<Step>) -> Result<Done> {
    let reader = reader(ctx)?;
    let step = allowed(reader, step)?;
    let targets = targets(entries)?;
    let mut change = reader.change(None).await?;
    let done = change.apply(&targets, step).await?;
    change.seal().await?;
    Ok(done)
}

/// The step, if the principal may do it to any entry at all: before anything else is said about what was sent.
pub(super) fn allowed(reader: &Reader, step: Result<Step>) -> Result<Step> {
    let right = step.as_ref().map_or(Right::Publish, Step::right);
    reader.principal.require(right)?;
    step
}

pub(super) fn targets(entries: &[EntryTarget]) -> Result<Vec<Target>> {
    let (mut targets, mut problems) = (Vec::with_capacity(entries.len()), Vec::new());
    let mut seen = HashSet::new();
    for (at, entry) in entries.iter().enumerate() {
        match entry.target(&format!("entries.{at}")) {
            Ok(target) if !seen.insert(target.id) => {
                let path = format!("entries.{at}.id");
                problems.push(Problem::new(ProblemCode::Invalid, path, TWICE));
            }
            Ok(target) => targets.push(target),
            Err(Error::Invalid(found)) => problems.extend(found),
            Err(error) => return Err(error),
        }
    }
    if entries.is_empty() {
        let message = "must name at least one entry";
        problems.push(Problem::new(ProblemCode::Required, "entries", message));
    }
    if problems.is_empty() {
        Ok(targets)
    } else {
        Err(Error::Invalid(problems))
    }
}

impl EntryTarget {
    fn target(&self, path: &str) -> Result<Target> {
        let id = parse_id(&self.id, &format!("{path}.id"))?;
        let expected = self.expected_revision.clone();
        let expected = expected.map(|revision| revision.at(&format!("{path}.expectedRevision")));
        Ok(Target {
            id,
            expected: expected.transpose()?,
        })
    }
}
