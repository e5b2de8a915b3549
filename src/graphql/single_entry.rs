//! Mutations of one entry of any type: going back to a revision, moving, copying.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::entry_id::EntryId;

use crate::{
    auth::Right,
    content::{
        given::Given,
        position::Neighbour,
        types::{AnyEntry, entries_after, for_type, parse_id, reader},
        user_error::UserError,
    },
    error::{Error, ProblemCode, Result},
};

/// Which revision is to be the latest one again.
#[derive(Clone, Debug, InputObject)]
pub struct RestoreRevisionInput {
    /// The entry.
    id: ID,
    /// The revision that says what the entry is to say.
    revision: Given<i32>,
    /// The latest revision, as far as you know: if there is a newer one, that is a conflict, and nothing is changed.
    expected_revision: Given<i32>,
    /// Why, for the history.
    message: Option<String>,
}

/// Where an entry goes in the list of its type: next to one of two neighbours, or to the end.
#[derive(Clone, Debug, InputObject)]
pub struct MoveEntryInput {
    /// The entry.
    id: ID,
    /// The entry that is to stand after it.
    before: Option<ID>,
    /// The entry that is to stand before it.
    after: Option<ID>,
}

/// Which entry is to be copied.
#[derive(Clone, Debug, InputObject)]
pub struct DuplicateEntryInput {
    /// The entry.
    id: ID,
}

/// Writes what a mutation gives back.
macro_rules! payloads {
    ($($payload:ident)+) => {$(
        /// What came of it.
        #[derive(SimpleObject)]
        pub struct $payload {
            /// The entry, as an editor sees it now; null if nothing was changed.
            entry: Option<AnyEntry>,
            /// What is to be put right; then nothing was changed.
            user_errors: Vec<UserError>,
        }

        impl From<Outcome> for $payload {
            fn from((entry, user_errors): Outcome) -> Self {
                Self { entry, user_errors }
            }
        }
    )+};
}

payloads! { RestoreRevisionPayload MoveEntryPayload DuplicateEntryPayload }

type Outcome = (Option<AnyEntry>, Vec<UserError>);

/// Mutations of one entry.
#[derive(Default)]
pub struct SingleEntryMutation;

#[Object]
impl SingleEntryMutation {
    /// Saves what an earlier revision said as a new one.
    async fn restore_revision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which revision.")] input: RestoreRevisionInput,
    ) -> Result<RestoreRevisionPayload> {
        let reader = reader(ctx)?;
        reader.principal.require(Right::Change)?;
        let restored = async {
            let id = parse_id(&input.id, "id")?;
            let mut change = reader.change(input.message.as_deref()).await?;
            let revision = input.revision.at("revision")?;
            let expected = Some(input.expected_revision.at("expectedRevision")?);
            for_type!(id.content_type, C => change.restore_revision::<C>(id, revision, expected).await)?;
            change.seal().await?;
            Ok(id)
        };
        outcome(ctx, restored.await).await.map(Into::into)
    }

    /// Moves an entry in the list of its type. That makes no revision: it counts at once, for the public, too.
    async fn move_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry, and where to.")] input: MoveEntryInput,
    ) -> Result<MoveEntryPayload> {
        let reader = reader(ctx)?;
        reader.principal.require(Right::Change)?;
        let moved = async {
            let id = parse_id(&input.id, "id")?;
            let neighbour = neighbour(&input)?;
            let mut change = reader.change(None).await?;
            change.move_entry(id, neighbour).await?;
            change.seal().await?;
            Ok(id)
        };
        outcome(ctx, moved.await).await.map(Into::into)
    }

    /// Creates a draft that says what the entry says. It has no key; a slug must be changed before it can be public.
    async fn duplicate_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry.")] input: DuplicateEntryInput,
    ) -> Result<DuplicateEntryPayload> {
        let reader = reader(ctx)?;
        reader.principal.require(Right::Create)?;
        let copied = async {
            let id = parse_id(&input.id, "id")?;
            let mut change = reader.change(None).await?;
            let copy = for_type!(id.content_type, C => change.duplicate::<C>(id).await)?;
            change.seal().await?;
            Ok(copy)
        };
        outcome(ctx, copied.await).await.map(Into::into)
    }
}

fn neighbour(input: &MoveEntryInput) -> Result<Neighbour> {
    match (&input.before, &input.after) {
        (Some(_), Some(_)) => {
            let message = "goes without before";
            Err(Error::invalid(ProblemCode::Invalid, "after", message))
        }
        (Some(next), None) => Ok(Neighbour::Before(parse_id(next, "before")?)),
        (None, Some(previous)) => Ok(Neighbour::After(parse_id(previous, "after")?)),
        (None, None) => Ok(Neighbour::None),
    }
}

async fn outcome(ctx: &Context<'_>, changed: Result<EntryId>) -> Result<Outcome> {
    let (id, errors) = UserError::split(changed)?;
    let entry = match id {
        Some(id) => {
            let selection = ctx.look_ahead().field("entry");
            entries_after(ctx, selection, &[id]).await?.pop().flatten()
        }
        None => None,
    };
    Ok((entry, errors))
}
