//! Delivery: what stands between the transports and GraphQL. Documents are parsed once, limits hold for all of them, and
//! answers are written down.

mod answer;
mod document;
mod limits;

use std::sync::Arc;

use async_graphql::{Request, Response, Variables};

pub use self::{
    answer::Answer,
    document::{Operation, Prepared},
};
use self::{document::Documents, limits::Limits};
use crate::{
    app::App,
    auth::{Client, Principal},
    content::upload::Uploads,
    graphql::{Schema, idempotency::IdempotencyKey, transport::Browser},
};

/// An operation that is asked for.
#[derive(Clone)]
pub struct Asked {
    /// The document that it stands in.
    pub document: Arc<Prepared>,
    /// Its name; a document with one operation needs none.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
}

impl Asked {
    /// The operation that would run; none if the document does not say which.
    pub fn operation(&self) -> Option<&Operation> {
        self.document.operation(self.operation_name.as_deref())
    }
}

/// Who asks, and what came along.
#[derive(Clone)]
pub struct Sender {
    /// With which rights.
    pub principal: Principal,
    /// From where.
    pub client: Client,
    /// What is known of the browser.
    pub(crate) browser: Browser,
    /// Under which key the operation is done only once.
    pub(crate) key: Option<IdempotencyKey>,
    /// The files that came with the operation.
    pub uploads: Option<Arc<Uploads>>,
}

impl Sender {
    /// Somebody of whom nothing else is known.
    pub fn new(principal: Principal) -> Self {
        Self {
            principal,
            client: Client::default(),
            browser: Browser::default(),
            key: None,
            uploads: None,
        }
    }
}

/// Everything that transports need. Clones share it.
#[derive(Clone)]
pub struct Delivery {
    app: App,
    schema: Schema,
    documents: Documents,
    limits: Limits,
}

impl Delivery {
    /// The delivery of an application.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            schema: Schema::new(app),
            documents: Documents::new(app.config.document_cache_bytes),
            limits: Limits::new(&app.config),
        }
    }

    /// The document with this text, within the limits; or the answer that says why there is none.
    pub async fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Answer> {
        let document = self.documents.prepare(text, &self.limits).await;
        document.map_err(Answer::refused)
    }

    /// Whether a request may have so many operations; or the answer that says that it may not.
    pub fn admit_batch(&self, operations: usize) -> Result<(), Answer> {
        self.limits.check_batch(operations).map_err(Answer::refused)
    }

    /// The answer to an operation, within the limits.
    pub async fn execute(&self, asked: Asked, sender: Sender) -> Answer {
        let admitted = self.admit(&asked);
        let admitted = admitted.and_then(|cost| self.afford(cost).map(|()| cost));
        match admitted {
            Ok(cost) => self.answer(asked, sender, cost).await,
            Err(refusal) => refusal,
        }
    }

    /// The answers to several operations, one after the other, if all of them together are within the limits.
    pub async fn execute_all(
        &self,
        asked: Vec<Asked>,
        sender: Sender,
    ) -> Result<Vec<Answer>, Answer> {
        let costs = asked.iter().map(|asked| self.admit(asked));
        let costs: Vec<u64> = costs.collect::<Result<_, _>>()?;
        let sum = costs.iter().copied().fold(0, u64::saturating_add);
        self.afford(sum)?;
        let mut answers = Vec::with_capacity(asked.len());
        for (asked, cost) in asked.into_iter().zip(costs) {
            answers.push(self.answer(asked, sender.clone(), cost).await);
        }
        Ok(answers)
    }

    /// What an operation costs, if its variables are within the limits.
    fn admit(&self, asked: &Asked) -> Result<u64, Answer> {
        let variables = &asked.variables;
        let checked = self.limits.check_variables(variables);
        checked.map_err(Answer::refused)?;
        let name = asked.operation_name.as_deref();
        Ok(self.limits.cost(&asked.document, name, variables))
    }

    /// Whether operations may cost so much, all together.
    fn afford(&self, cost: u64) -> Result<(), Answer> {
        self.limits.check_cost(cost).map_err(|error| {
            let mut response = Response::from_errors(vec![error]);
            let cost = self.limits.told(cost);
            response.extensions.insert("cost".to_owned(), cost);
            Answer::of(response)
        })
    }

    /// The answer to an operation that is within the limits.
    async fn answer(&self, asked: Asked, sender: Sender, cost: u64) -> Answer {
        let is_public = sender.principal == Principal::Anonymous
            && !sender.browser.is_proven
            && !asked.document.changes();
        let document = Arc::clone(&asked.document);
        let principal = sender.principal.clone();
        let request = request(asked, sender);
        let mut response = self
            .schema
            .execute(&document.document, request, principal)
            .await;
        if self.app.config.development {
            let cost = self.limits.told(cost);
            response.extensions.insert("cost".to_owned(), cost);
        }
        let answer = Answer::of(response);
        if answer.is_executed {
            self.documents.keep(&document).await;
        }
        Answer {
            is_public,
            ..answer
        }
    }
}

/// The request as GraphQL takes it.
fn request(asked: Asked, sender: Sender) -> Request {
    let mut request = Request::new(asked.document.text.clone())
        .variables(asked.variables)
        .data(sender.client)
        .data(sender.browser);
    request.operation_name = asked.operation_name;
    if let Some(key) = sender.key {
        request = request.data(key);
    }
    if let Some(uploads) = sender.uploads {
        request = request.data(uploads);
    }
    request
}
