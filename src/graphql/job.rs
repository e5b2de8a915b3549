//! Background jobs, for admins.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::job;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    prelude::{Expr, Uuid},
};

use super::{
    account::reader,
    page::{Page, newest_first},
};
use crate::{
    auth::Right,
    content::{
        connection::Connection,
        order::{Key, Step},
        page_args::{ListIdentity, RawPageArgs},
        scalar::DateTime,
        user_error::UserError,
    },
    error::{Error, ProblemCode, Result},
    job::admin::{State, public_id, retry},
};

/// A unit of background work. It is gone once it has succeeded, unless it runs by a schedule.
#[derive(Clone, Debug, SimpleObject)]
pub struct Job {
    /// Its id.
    id: ID,
    /// The kind of work, such as `mail` or `cleanup`.
    name: String,
    /// Where it stands.
    state: JobState,
    /// Runs that have begun since it was enqueued, retried by hand, or last succeeded.
    attempts: i32,
    /// When it was enqueued.
    created_at: DateTime,
    /// When it runs next, or was last due.
    due_at: DateTime,
    /// When it was given up; null if it was not. It is kept for a week.
    failed_at: Option<DateTime>,
    /// Why its last run failed; null if none has. The log has the details.
    last_error: Option<String>,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum JobState {
    /// It waits for its time, for its next attempt, or for a free instance.
    Waiting,
    /// An instance runs it.
    Running,
    /// It failed too often and was given up.
    Failed,
}

impl From<State> for JobState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Running => Self::Running,
            State::Failed => Self::Failed,
        }
    }
}

impl From<JobState> for State {
    fn from(state: JobState) -> Self {
        match state {
            JobState::Waiting => Self::Waiting,
            JobState::Running => Self::Running,
            JobState::Failed => Self::Failed,
        }
    }
}

impl From<job::Model> for Job {
    fn from(row: job::Model) -> Self {
        Self {
            id: public_id(row.id).into(),
            state: State::of(&row).into(),
            name: row.name,
            attempts: row.attempts,
            created_at: DateTime(row.created_at),
            due_at: DateTime(row.due_at),
            failed_at: row.failed_at.map(DateTime),
            last_error: row.error,
        }
    }
}

/// Filter for jobs. Conditions are combined with AND.
#[derive(Clone, Debug, Default, InputObject)]
pub struct JobFilter {
    /// Jobs of one of these names; at most 100.
    #[graphql(validator(max_items = 100))]
    name: Option<Vec<String>>,
    /// Jobs in one of these states; at most 100.
    #[graphql(validator(max_items = 100))]
    state: Option<Vec<JobState>>,
}

impl JobFilter {
    fn select(self) -> Result<Select<job::Entity>> {
        let has_nul = |names: &Vec<String>| names.iter().any(|name| name.contains('\0'));
        if self.name.as_ref().is_some_and(has_nul) {
            let message = "must not contain the character NUL";
            return Err(Error::invalid(ProblemCode::Invalid, "where.name", message));
        }
        let states = self.state.map(|states| {
            let none = Condition::any().add(Expr::val(1).eq(0));
            let conditions = states
                .into_iter()
                .map(|state| State::from(state).condition());
            conditions.fold(none, Condition::add)
        });
        let condition = Condition::all()
            .add_option(self.name.map(|names| job::Column::Name.is_in(names)))
            .add_option(states);
        Ok(job::Entity::find().filter(condition))
    }
}

/// Queries of jobs.
#[derive(Default)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// The background jobs that wait, run, or were given up, the newest first. For admins.
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
        #[graphql(
            name = "where",
            desc = "Filter for the list. Conditions are combined with AND."
        )]
        filter: Option<JobFilter>,
    ) -> Result<Connection<Job>> {
        reader(ctx)?.principal.require(Right::ManageJobs)?;
        let filter = filter.unwrap_or_default();
        let identity = ListIdentity::of(&["jobs", &format!("{filter:?}")]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = Page::read(ctx, identity, page, filter.select()?, order).await?;
        page.shown(Job::from)
    }
}

fn order() -> Step<job::Model> {
    newest_first(job::Column::Id, |row: &job::Model| Key::Id(row.id))
}

/// Input of `retryJob`.
#[derive(Clone, Debug, InputObject)]
pub struct RetryJobInput {
    /// The job.
    id: ID,
}

/// Payload of `retryJob`.
#[derive(SimpleObject)]
pub struct RetryJobPayload {
    /// The job as it stands before it runs; null if there are errors.
    job: Option<Job>,
    /// What kept it from being retried.
    user_errors: Vec<UserError>,
}

/// Mutations of jobs.
#[derive(Default)]
pub struct JobMutation;

#[Object]
impl JobMutation {
    /// Runs a job again that was given up, or at once if it waits for its next attempt. For admins.
    async fn retry_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job.")] input: RetryJobInput,
    ) -> Result<RetryJobPayload> {
        let reader = reader(ctx)?;
        reader.principal.require(Right::ManageJobs)?;
        let retried = async { retry(&reader.app, &reader.principal, parse(&input.id)?).await };
        let (row, user_errors) = UserError::split(retried.await)?;
        Ok(RetryJobPayload {
            job: row.map(Job::from),
            user_errors,
        })
    }
}

/// The job that an id names.
fn parse(id: &ID) -> Result<Uuid> {
    let uuid = id.strip_prefix("job_").map(Uuid::try_parse);
    let uuid = uuid.and_then(std::result::Result::ok);
    let uuid = uuid.filter(|uuid| public_id(*uuid) == **id);
    uuid.ok_or_else(|| {
        let message = "is not an id of a job";
        Error::invalid(ProblemCode::Invalid, "id", message)
    })
}
