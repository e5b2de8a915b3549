//! Several operations in one request, where the settings allow it: a list, answered by a list in the same order.

use std::{fmt, num::NonZeroU32};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use super::{Endpoint, Media, Parameters, bad, sender};
use crate::{
    auth::Principal,
    delivery::{Answer, Asked},
    http::{cookies, credentials::Caller, rate_limit, reply},
};

/// Most operations of any request, whatever the settings say; further ones are only counted.
const MOST: usize = 1_000;

/// Whether a body is a list.
pub(super) fn is_batch(body: &Bytes) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

/// The answers to all operations, each as if it had come alone; or one answer, if the request itself is refused.
pub(super) async fn answer(
    endpoint: &Endpoint,
    media: Media,
    headers: &HeaderMap,
    body: &Bytes,
    caller: Caller,
) -> Result<Response, Response> {
    if endpoint.app.config.max_batch < 2 {
        let message = "send one operation: lists of them are not taken";
        return Err(bad(StatusCode::BAD_REQUEST, message));
    }
    let batch: Batch = serde_json::from_slice(body).map_err(|error| {
        let message = format!(
            "the request body is no list of GraphQL requests: {}",
            reply::wrong_in_json(&error)
        );
        bad(StatusCode::BAD_REQUEST, &message)
    })?;
    if batch.length == 0 {
        let message = "the list of operations is empty";
        return Err(bad(StatusCode::BAD_REQUEST, message));
    }
    // The first one was counted with the request.
    let more = NonZeroU32::new(u32::try_from(batch.length - 1).unwrap_or(u32::MAX));
    let counted = match more.filter(|_| batch.length <= endpoint.app.config.max_batch) {
        Some(more) => endpoint
            .delivery
            .count(&caller.principal, &caller.client, more),
        None => Ok(None),
    };
    let allowance = counted.map_err(|allowance| rate_limit::refused(&allowance))?;
    let response = run(endpoint, media, headers, batch, caller).await?;
    Ok(rate_limit::told(allowance, response))
}

async fn run(
    endpoint: &Endpoint,
    media: Media,
    headers: &HeaderMap,
    batch: Batch,
    caller: Caller,
) -> Result<Response, Response> {
    let asked = match read(endpoint, batch, &caller.principal).await {
        Ok(asked) => asked,
        Err(refusal) => return Ok(media.refused(&refusal)),
    };
    if caller.is_forgeable && asked.iter().any(|asked| asked.document.changes()) {
        return Err(cookies::refused());
    }
    let sender =
        sender(headers, caller).map_err(|message| bad(StatusCode::BAD_REQUEST, message))?;
    if sender.key.is_some() {
        let message = "an Idempotency-Key is for one operation, not for a list of them";
        return Err(bad(StatusCode::BAD_REQUEST, message));
    }
    let with_cookies = sender.browser.is_proven;
    let mut response = match endpoint.delivery.execute_all(asked, sender).await {
        Ok(answers) => {
            let body = endpoint.delivery.hold(listed(&answers));
            media.list(body, &answers)
        }
        Err(refusal) => media.refused(&refusal),
    };
    if with_cookies {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    Ok(response)
}

async fn read(
    endpoint: &Endpoint,
    batch: Batch,
    principal: &Principal,
) -> Result<Vec<Asked>, Box<Answer>> {
    endpoint.delivery.admit_batch(batch.length)?;
    let mut asked = Vec::with_capacity(batch.operations.len());
    for parameters in batch.operations {
        asked.push(endpoint.asked(parameters, principal).await?);
    }
    Ok(asked)
}

/// The bodies of answers as one list.
fn listed(answers: &[Answer]) -> Vec<u8> {
    let bytes: usize = answers.iter().map(|answer| answer.body.len() + 1).sum();
    let mut list = Vec::with_capacity(bytes + 1);
    list.push(b'[');
    for (at, answer) in answers.iter().enumerate() {
        if at > 0 {
            list.push(b',');
        }
        list.extend_from_slice(&answer.body);
    }
    list.push(b']');
    list
}

/// The operations of a list, of which the first ones are read.
struct Batch {
    operations: Vec<Parameters>,
    length: usize,
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Batch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of requests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Batch, A::Error> {
        let mut operations = Vec::new();
        while operations.len() < MOST {
            match list.next_element()? {
                Some(operation) => operations.push(operation),
                None => break,
            }
        }
        let mut length = operations.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        Ok(Batch { operations, length })
    }
}
