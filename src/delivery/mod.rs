//! Delivery: what stands between the transports and GraphQL. Documents are parsed once, limits hold for all of them, and
//! answers are written down.

mod admission;
mod answer;
mod answers;
mod asked;
mod consumption;
mod document;
mod execution;
mod limits;
mod measured;
mod places;
mod rates;
pub mod trusted;
mod wanted;

use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc};

use async_graphql::{Name, Value, parser::types::OperationType};
use bytes::Bytes;
use opentelemetry::context::FutureExt;
use tokio::{runtime::Handle, time::Instant};

pub(crate) use self::asked::Remembered;
use self::{
    admission::Admission,
    answers::{Answers, Question},
    document::Documents,
    limits::Limits,
    measured::Measured,
    rates::Rates,
    trusted::Known,
};
pub use self::{
    answer::Answer,
    answers::{Encoding, Given, Kept, Source},
    asked::{Asked, Sender},
    document::{Operation, Prepared},
    rates::Allowance,
    wanted::Wanted,
};
use crate::{
    app::App,
    auth::{Client, Identity, Principal, authority, preview_link},
    budget::{AnswerMemory, ChargedBy},
    database::LogPosition,
    error::Result,
    event::tail,
    graphql::{Schema, content_fields},
    recent::REMEMBERED,
};

/// The root fields that describe the schema.
const DESCRIPTIONS: [&str; 3] = ["__schema", "__type", "__typename"];

/// Everything that transports need.
pub struct Delivery {
    app: App,
    schema: Schema,
    documents: Documents,
    trusted: Known,
    limits: Limits,
    rates: Rates,
    admission: Admission,
    answers: Answers,
    /// What all answers together may take, those that are kept among them.
    memory: AnswerMemory,
    /// What is answered where there are too many operations at once.
    shed: Answer,
    /// The root fields that read content, and those that describe the schema: their answers can be kept.
    kept_fields: Arc<BTreeSet<String>>,
    /// The root fields below which each container charges the memory budget itself.
    metered_fields: Arc<BTreeSet<String>>,
    /// Where queries are executed.
    workers: Handle,
}

impl Delivery {
    /// The delivery of an application, which executes queries where this is called.
    pub fn new(app: &App) -> Self {
        let metered_fields = content_fields();
        let mut kept_fields = metered_fields.clone();
        kept_fields.extend(DESCRIPTIONS.map(str::to_owned));
        let memory = app.config.answer_cache_bytes + app.config.answer_memory_bytes;
        Self {
            app: app.clone(),
            schema: Schema::new(app),
            // The plans of their operations take the other half.
            documents: Documents::new(app.config.document_cache_bytes / 2),
            trusted: Known::new(app.database.clone(), app.config.document_cache_bytes),
            limits: Limits::new(&app.config),
            rates: Rates::new(&app.config),
            admission: Admission::new(&app.config),
            shed: Answer::shed(),
            answers: Answers::new(app),
            memory: AnswerMemory::new(memory),
            kept_fields: Arc::new(kept_fields),
            metered_fields: Arc::new(metered_fields),
            workers: Handle::current(),
        }
    }

    /// The same delivery, which executes queries on these threads. On threads of their own, they hold up nobody who can be
    /// answered at once.
    #[must_use]
    pub fn working_on(self, workers: Handle) -> Self {
        Self { workers, ..self }
    }

    /// The document with this text, within the limits; or the answer that says why there is none.
    pub fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Box<Answer>> {
        match self.documents.find(text, &self.limits) {
            Some(known) => Ok(known),
            None => self.parse(text),
        }
    }

    fn parse(&self, text: &str) -> Result<Arc<Prepared>, Box<Answer>> {
        let document = document::prepare(text, &self.limits);
        document.map(Arc::new).map_err(Answer::refused)
    }

    /// Counts operations of a principal, which go on if they are within the limit of that one for a minute. Gives what is left,
    /// or when to come again; nothing where there is no limit.
    pub fn count(
        &self,
        principal: &Principal,
        client: &Client,
        operations: NonZeroU32,
    ) -> Result<Option<Allowance>, Allowance> {
        self.rates.count(principal, client, operations)
    }

    /// Whether a request may have so many operations; or the answer that says that it may not.
    pub fn admit_batch(&self, operations: usize) -> Result<(), Box<Answer>> {
        self.limits.check_batch(operations).map_err(Answer::refused)
    }

    /// The answer to an operation, within the limits: one that was kept and holds, or a new one.
    pub async fn execute(&self, asked: Arc<Asked>, sender: Sender) -> Given {
        let measured = Measured::begin(self, &asked);
        let given = self.given(asked, sender);
        let given = given.with_context(measured.context()).await;
        measured.end(&given.kept.answer, given.source);
        given
    }

    async fn given(&self, asked: Arc<Asked>, sender: Sender) -> Given {
        let required = self.required(&sender);
        let sender = match self.with_shown(sender, required).await {
            Ok(sender) => sender,
            Err(error) => return self.answers.new_one(Answer::failed(error)),
        };
        if self.app.config.trusted_documents_only
            && let Err(refusal) = Box::pin(self.check_trust(&asked, &sender.principal)).await
        {
            return self.answers.new_one(*refusal);
        }
        let Some(question) = self.question(&asked, &sender) else {
            let answer = Box::pin(self.admitted(&asked, sender)).await;
            if let Some(required) = required {
                // The version of the answer must not lie before the one that came. Without the database it may.
                let _ = tail::known(&self.app.database, Some(required)).await;
            }
            return self.told(self.answers.new_one(answer), None);
        };
        let cost = self.app.config.development.then(|| self.cost(&asked));
        let with_cookies = sender.browser.is_proven;
        let execute = || self.admitted(&asked, sender);
        let mut given = self.answers.to(question, required, execute).await;
        given.is_public &= !with_cookies;
        if given.kept.answer.is_executed {
            // It may have made room for others since, while the answer was kept.
            self.documents.keep(&asked.document);
        }
        self.told(given, cost)
    }

    /// The answers to several operations, one after the other, if all of them together are within the limits.
    pub async fn execute_all(
        &self,
        asked: Vec<Asked>,
        sender: Sender,
    ) -> Result<Vec<Answer>, Box<Answer>> {
        let required = self.required(&sender);
        let sender = self.with_shown(sender, required).await;
        let sender = sender.map_err(|error| Box::new(Answer::failed(error)))?;
        for asked in &asked {
            self.check_trust(asked, &sender.principal).await?;
        }
        let costs = asked.iter().map(|asked| self.admit(asked));
        let costs: Vec<u64> = costs.collect::<Result<_, _>>()?;
        let sum = costs.iter().copied().fold(0, u64::saturating_add);
        self.afford(sum)?;
        let changes = asked.iter().any(|asked| asked.document.changes());
        let begun = Instant::now();
        let Some(place) = self.place(&sender, changes).await else {
            return Err(Box::new(self.shed.clone()));
        };
        let budget = self.budget(ChargedBy::Extension, place);
        let mut answers = Vec::with_capacity(asked.len());
        for asked in &asked {
            let measured = Measured::begin(self, asked);
            let answer = self.answer(asked, sender.clone(), Arc::clone(&budget));
            let answer = answer.with_context(measured.context()).await;
            measured.end(&answer, Source::Executed);
            answers.push(answer);
        }
        if !changes {
            let checked = self.check_after(begun, &sender.principal).await;
            checked.map_err(|error| Box::new(Answer::failed(error)))?;
        }
        Ok(answers)
    }

    /// The same sender; of one with a preview link, what the link shows is known. It has been counted by now.
    async fn with_shown(&self, sender: Sender, required: Option<LogPosition>) -> Result<Sender> {
        if !matches!(sender.principal, Principal::Preview { .. }) {
            return Ok(sender);
        }
        let principal = Box::pin(preview_link::with_shown(
            &self.app,
            sender.principal,
            required,
        ))
        .await?;
        Ok(Sender {
            principal,
            ..sender
        })
    }

    /// The body of an answer in an encoding; none if that is not worth it.
    pub async fn encoded(&self, given: &Given, encoding: Encoding) -> Option<Bytes> {
        self.answers
            .encoded(&given.kept, encoding, &self.memory)
            .await
    }

    /// Bytes that go over the wire, counted among the memory of answers.
    pub fn hold(&self, bytes: Vec<u8>) -> Bytes {
        self.memory.hold(bytes)
    }

    /// The position in the event log that the answer must not lie before.
    fn required(&self, sender: &Sender) -> Option<LogPosition> {
        let version = sender.version.as_deref();
        let version = version.filter(|version| !version.is_empty());
        version.and_then(|version| self.answers.opened(version))
    }

    /// What tells the answer from others, if it can be kept: it is to a query of nothing but content.
    fn question(&self, asked: &Asked, sender: &Sender) -> Option<Question> {
        let operation = asked.operation()?;
        let is_query = operation.kind == OperationType::Query && sender.uploads.is_none();
        let mut fields = operation.root_fields.iter();
        let can_be_kept = is_query && fields.all(|field| self.kept_fields.contains(field));
        can_be_kept.then(|| Question {
            asked: asked.key(),
            identity: Identity::of(&sender.principal),
            day: self.app.clock.now().date_naive(),
        })
    }

    /// The same answer, in development with what it cost.
    fn told(&self, given: Given, cost: Option<u64>) -> Given {
        if !self.app.config.development || !given.kept.answer.is_executed {
            return given;
        }
        let statements = match given.source {
            Source::Executed | Source::Shared => given.kept.answer.statements,
            Source::Kept | Source::Stale(_) => 0,
        };
        let mut extensions = async_graphql::value!({ "kindling": { "sqlStatements": statements } });
        if let (Some(cost), Value::Object(extensions)) = (cost, &mut extensions) {
            extensions.insert(Name::new("cost"), self.limits.told(cost));
        }
        given.with_body(|answer| answer.with_extensions(&extensions, &self.memory))
    }

    /// The answer to an operation, if there is a place for it, and it is within the limits.
    async fn admitted(&self, asked: &Asked, sender: Sender) -> Answer {
        // Who waits for a place holds the variables, so that these must be within the limits.
        if let Err(refusal) = self.limits.check_variables(asked.variables()) {
            return *Answer::refused(refusal);
        }
        let changes = asked.document.changes();
        let (begun, principal) = (Instant::now(), sender.principal.clone());
        let Some(place) = self.place(&sender, changes).await else {
            return self.shed.clone();
        };
        if let Err(refusal) = self.afford(self.cost(asked)) {
            return *refusal;
        }
        let budget = self.budget(self.charged_by(asked), place);
        let answer = self.answer(asked, sender, budget).await;
        // Each change has checked this in its own transaction, and must be answered.
        if changes {
            return answer;
        }
        match self.check_after(begun, &principal).await {
            Ok(()) => answer,
            Err(error) => Answer::failed(error),
        }
    }

    /// Checks again that the credentials of the principal hold, if that was last done longer ago than they are cached.
    async fn check_after(&self, begun: Instant, principal: &Principal) -> Result<()> {
        if begun.elapsed() > REMEMBERED {
            authority::check(&self.app, principal).await
        } else {
            Ok(())
        }
    }
}
