//! The tables, one file each. No GraphQL, no behaviour beyond reading and writing a column's value.

pub mod decimal;
pub mod entry_count;
pub mod entry_id;
pub mod link;
pub mod localized;
pub mod partial_date;
pub mod search_fold;
pub mod secret;
pub mod sort_key;
pub mod stamp;

pub mod account;
pub mod account_link;
pub mod api_token;
pub mod attempt;
pub mod audit_counter;
pub mod audit_event;
pub mod challenge;
pub mod identity;
pub mod job;
pub mod media_removal;
pub mod passkey;
pub mod password;
pub mod pin;
pub mod preview_link;
pub mod recovery_code;
pub mod refresh_token;
pub mod role_policy;
pub mod session;
pub mod setup_token;
pub mod signing_key;
pub mod site;
pub mod totp;
pub mod trusted_document;
pub mod trusted_document_counter;
pub mod vault;

pub mod consumer;
pub mod entry;
pub mod event;
pub mod event_counter;
pub mod idempotency;
pub mod idempotency_subject;
pub mod publication;
pub mod reference;
pub mod revision;
pub mod search_text;

pub mod asset;
pub mod impact_stat;
pub mod milestone;
pub mod page;
pub mod story_section;
pub mod team_member;
pub mod testimonial;
pub mod value;

/// An instant, in UTC, to the microsecond.
pub type Instant = sea_orm::prelude::DateTimeUtc;
/// A day of the calendar.
pub type Date = sea_orm::prelude::Date;
