//! What is asked, and by whom.

use std::sync::{Arc, OnceLock, Weak};

use async_graphql::{Request, Value, Variables};

use super::{Operation, Prepared};
use crate::{
    auth::{Client, Principal},
    content::upload::Uploads,
    graphql::{idempotency::IdempotencyKey, transport::Browser},
};

/// An operation that is asked for.
pub struct Asked {
    /// The document that it stands in.
    pub document: Arc<Prepared>,
    /// Its name; a document with one operation needs none.
    pub operation_name: Option<String>,
    variables: Arc<Variables>,
    key: OnceLock<Arc<Key>>,
}

/// An operation that was asked for. It keeps no document in memory.
pub(crate) struct Remembered {
    document: Weak<Prepared>,
    operation_name: Option<String>,
    variables: Arc<Variables>,
    key: Arc<Key>,
}

/// What tells one operation with its variables from another.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The document, by its digest.
    document: [u8; 32],
    /// Which of its operations.
    operation: Option<String>,
    /// The variables, as JSON.
    variables: String,
}

impl Key {
    /// How much memory it takes, roughly, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.operation.as_ref().map_or(0, String::len) + self.variables.len()
    }
}

impl Asked {
    /// An operation of a document, with the values of its variables.
    pub fn new(
        document: Arc<Prepared>,
        operation_name: Option<String>,
        variables: Variables,
    ) -> Self {
        Self {
            document,
            operation_name,
            variables: Arc::new(variables),
            key: OnceLock::new(),
        }
    }

    /// The values of its variables.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The values of its variables, which may still change: files come after them.
    pub(crate) fn variables_mut(&mut self) -> &mut Variables {
        self.key.take();
        Arc::make_mut(&mut self.variables)
    }

    /// The operation that would run; none if the document does not say which.
    pub fn operation(&self) -> Option<&Operation> {
        self.document.operation(self.operation_name.as_deref())
    }

    /// What tells it from others; found once.
    pub(super) fn key(&self) -> Arc<Key> {
        let key = self.key.get_or_init(|| {
            Arc::new(Key {
                document: *self.document.hash(),
                operation: self.operation_name.clone(),
                variables: serde_json::to_string(&self.variables).unwrap_or_default(),
            })
        });
        Arc::clone(key)
    }

    /// What is needed to ask for it again.
    pub(crate) fn remembered(&self) -> Remembered {
        Remembered {
            document: Arc::downgrade(&self.document),
            operation_name: self.operation_name.clone(),
            variables: Arc::clone(&self.variables),
            key: self.key(),
        }
    }
}

impl Remembered {
    /// The operation, if its document is still in memory.
    pub(crate) fn recalled(&self) -> Option<Asked> {
        Some(Asked {
            document: self.document.upgrade()?,
            operation_name: self.operation_name.clone(),
            variables: Arc::clone(&self.variables),
            key: OnceLock::from(Arc::clone(&self.key)),
        })
    }

    /// How much memory it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        let name = self.operation_name.as_ref().map_or(0, String::len);
        // The variables are there twice: as values and as JSON.
        let variables = self.variables.iter();
        let values = variables.map(|(name, value)| PER_NAME + name.len() + bytes_of(value));
        size_of::<Self>() + name + self.key.size() + values.sum::<usize>()
    }
}

/// What a name takes beside its text, in a map.
const PER_NAME: usize = 64;

/// How much memory a value takes, in bytes. A number of one digit takes as much as any other one.
fn bytes_of(value: &Value) -> usize {
    let content = match value {
        Value::String(text) => text.len(),
        Value::Enum(name) => PER_NAME + name.len(),
        Value::Binary(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(bytes_of).sum(),
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, value)| PER_NAME + name.len() + bytes_of(value))
                .sum()
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) => 0,
    };
    size_of::<Value>() + content
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
    /// The `Content-Version` that the answer must not lie before.
    pub version: Option<String>,
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
            version: None,
        }
    }
}

/// The request as GraphQL takes it.
pub(super) fn request(asked: &Asked, sender: Sender) -> Request {
    // The document goes beside it.
    let mut request = Request::new("")
        .variables(Variables::clone(&asked.variables))
        .data(sender.client)
        .data(sender.browser);
    request.operation_name.clone_from(&asked.operation_name);
    if let Some(key) = sender.key {
        request = request.data(key);
    }
    if let Some(uploads) = sender.uploads {
        request = request.data(uploads);
    }
    request
}
