//! What an editor can put right, as data beside the result of a mutation.

use async_graphql::{Enum, ID, Interface, Json, Object, SimpleObject};
use serde_json::Value;

use crate::error::{Clash, Conflict, Error, Problem, ProblemCode, Result, Usage};

/// Something that kept a mutation from changing anything, and that can be put right.
#[expect(
    clippy::duplicated_attributes,
    reason = "two fields of the interface have one type"
)]
#[derive(Clone, Debug, Interface)]
#[graphql(
    field(
        name = "code",
        ty = "UserErrorCode",
        desc = "What kind of mistake it is."
    ),
    field(name = "message", ty = "String", desc = "What is wrong, in words."),
    field(
        name = "path",
        ty = "String",
        desc = "The field, such as `title.es`; the id of the entry stands before it where there are several. Empty for the whole."
    )
)]
pub enum UserError {
    /// A value that breaks a rule.
    Validation(ValidationError),
    /// A change of what somebody else changed, too.
    Conflict(ConflictError),
    /// An entry that others need.
    Referenced(ReferencedError),
}

/// The kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// The value breaks a rule: length, format, range.
    Invalid,
    /// There must be a value.
    Required,
    /// Another entry has the value, which must be unique.
    Taken,
    /// What is named does not exist.
    NotFound,
    /// What is named is not public.
    NotPublic,
    /// The e-mail address or the password is wrong, or the token is not valid any more.
    Credentials,
    /// Somebody else has changed the same.
    Conflict,
    /// Others need the entry.
    Referenced,
}

impl From<ProblemCode> for UserErrorCode {
    fn from(code: ProblemCode) -> Self {
        match code {
            ProblemCode::Invalid => Self::Invalid,
            ProblemCode::Required => Self::Required,
            ProblemCode::Taken => Self::Taken,
            ProblemCode::NotFound => Self::NotFound,
            ProblemCode::NotPublic => Self::NotPublic,
            ProblemCode::Credentials => Self::Credentials,
        }
    }
}

/// A value that breaks a rule.
#[derive(Clone, Debug)]
pub struct ValidationError(Problem);

/// A value that breaks a rule.
#[Object]
impl ValidationError {
    /// What kind of mistake it is.
    async fn code(&self) -> UserErrorCode {
        self.0.code.into()
    }

    /// What is wrong, in words.
    async fn message(&self) -> String {
        self.0.message.clone()
    }

    /// The field, such as `title.es`; the id of the entry stands before it where there are several. Empty for the whole.
    async fn path(&self) -> String {
        self.0.path.clone()
    }
}

/// Somebody else has changed the same since the revision that the change was based on. Nothing was changed.
#[derive(Clone, Debug)]
pub struct ConflictError(Conflict);

/// Somebody else has changed the same since the revision that the change was based on. Nothing was changed.
#[Object]
impl ConflictError {
    /// `CONFLICT`.
    async fn code(&self) -> UserErrorCode {
        UserErrorCode::Conflict
    }

    /// What is wrong, in words.
    async fn message(&self) -> String {
        format!(
            "somebody else has changed this: it stands at revision {}, not at {}",
            self.0.latest, self.0.expected
        )
    }

    /// The entry.
    async fn path(&self) -> String {
        self.0.entry.to_string()
    }

    /// The entry.
    async fn entry_id(&self) -> ID {
        self.0.entry.to_string().into()
    }

    /// The revision that the change was based on.
    async fn expected_revision(&self) -> i32 {
        self.0.expected
    }

    /// The revision that the entry stands at: base the next attempt on it.
    async fn latest_revision(&self) -> i32 {
        self.0.latest
    }

    /// The fields that both changed.
    async fn fields(&self) -> Vec<FieldConflict> {
        self.0.clashes.iter().cloned().map(Into::into).collect()
    }
}

/// A value as a scalar of GraphQL; none where it is null, which a non-null field never is.
pub(crate) fn present(value: Value) -> Option<Json<Value>> {
    (!value.is_null()).then_some(Json(value))
}

/// A field that two changes made different.
#[derive(Clone, Debug, SimpleObject)]
pub struct FieldConflict {
    /// The field, such as `title.en`.
    path: String,
    /// What stood there before both; null where nobody knows any more.
    base: Option<Json<Value>>,
    /// What stands there now.
    theirs: Option<Json<Value>>,
    /// What was to stand there.
    yours: Option<Json<Value>>,
}

impl From<Clash> for FieldConflict {
    fn from(clash: Clash) -> Self {
        Self {
            path: clash.path,
            base: present(clash.base),
            theirs: present(clash.theirs),
            yours: present(clash.yours),
        }
    }
}

/// Others need an entry that was to go. Nothing was changed.
#[derive(Clone, Debug)]
pub struct ReferencedError(Usage);

/// Others need an entry that was to go. Nothing was changed.
#[Object]
impl ReferencedError {
    /// `REFERENCED`.
    async fn code(&self) -> UserErrorCode {
        UserErrorCode::Referenced
    }

    /// What is wrong, in words.
    async fn message(&self) -> String {
        let owner = self.0.owner;
        match (self.0.required, self.0.may_take_out) {
            (true, _) => format!("{owner} cannot be public without it"),
            (false, true) => format!("{owner} refers to it; use force to remove the reference"),
            (false, false) => format!("{owner} refers to it, and you may not change that"),
        }
    }

    /// The entry that others need.
    async fn path(&self) -> String {
        self.0.target.to_string()
    }

    /// The entry that refers to it.
    async fn owner_id(&self) -> ID {
        self.0.owner.to_string().into()
    }

    /// The field that refers to it.
    async fn field(&self) -> String {
        self.0.field.clone()
    }

    /// Whether the owner cannot be public without it, so that `force` does not help.
    async fn is_required(&self) -> bool {
        self.0.required
    }
}

impl UserError {
    /// What an editor can put right about an error; every other error passes.
    pub fn of(error: Error) -> Result<Vec<Self>> {
        match error {
            Error::Invalid(problems) => Ok(problems
                .into_iter()
                .map(|problem| Self::Validation(ValidationError(problem)))
                .collect()),
            Error::Conflict(conflict) => Ok(vec![Self::Conflict(ConflictError(*conflict))]),
            Error::Referenced(usages) => Ok(usages
                .into_iter()
                .map(|usage| Self::Referenced(ReferencedError(usage)))
                .collect()),
            error => Err(error),
        }
    }

    /// The result, or what an editor can put right; every other error passes.
    pub fn split<T>(result: Result<T>) -> Result<(Option<T>, Vec<Self>)> {
        match result {
            Ok(value) => Ok((Some(value), Vec::new())),
            Err(error) => Ok((None, Self::of(error)?)),
        }
    }
}
