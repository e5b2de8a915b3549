//! Values as they were given: checked when they are used, so that what is wrong with them is told with its path.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{ID, InputType, InputValueError, InputValueResult, registry::Registry};
use entity::entry_id::EntryId;
use serde_json::Value;

use crate::error::{Error, ProblemCode};

/// A value as it was given. GraphQL's own refusal of a scalar names no field; this one is told with its path.
#[derive(Clone, Debug)]
pub struct Given<T>(async_graphql::Value, PhantomData<fn() -> T>);

impl<T: InputType> Given<T> {
    /// The value, if it is one of the type; otherwise what is wrong with it.
    pub fn value(self) -> Result<T, String> {
        T::parse(Some(self.0)).map_err(|error| {
            let told = error.into_server_error(async_graphql::Pos::default());
            in_own_words(&told.message)
        })
    }

    /// The value, or a problem at `path`.
    pub fn at(self, path: &str) -> Result<T, Error> {
        self.value()
            .map_err(|message| Error::invalid(ProblemCode::Invalid, path, message))
    }

    /// The value as JSON; as [`Given::value`].
    pub fn check(self) -> Result<Value, String> {
        let value = self.value()?.to_value();
        value.into_json().map_err(|error| error.to_string())
    }
}

/// async-graphql puts where it was before what is wrong, and after it.
fn in_own_words(message: &str) -> String {
    let rest = match message.split_once("\": ") {
        Some((start, rest)) if start.starts_with("Failed to parse") => rest,
        _ => message,
    };
    rest.split(" (occurred while parsing")
        .next()
        .unwrap_or(rest)
        .to_owned()
}

impl<T: InputType> InputType for Given<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    fn parse(value: Option<async_graphql::Value>) -> InputValueResult<Self> {
        Ok(Self(value.unwrap_or_default(), PhantomData))
    }

    fn to_value(&self) -> async_graphql::Value {
        self.0.clone()
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }
}

/// The id of an entry that a field refers to.
#[derive(Clone, Debug)]
pub struct Reference(EntryId);

impl InputType for Reference {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<async_graphql::Value>) -> InputValueResult<Self> {
        match value {
            Some(async_graphql::Value::String(id)) => id.parse().map(Self).map_err(Into::into),
            value => Err(InputValueError::expected_type(value.unwrap_or_default())),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.0.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }
}
