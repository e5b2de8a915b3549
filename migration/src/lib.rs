//! The migrations in order: one change per file, both engines, spelling their own names.
//!
//! A migration never uses the entities: history must not change with the code.

mod content_table;
mod sql;

mod m20261101_000001_create_entry;
mod m20261101_000002_create_revision;
mod m20261101_000003_create_publication;
mod m20261101_000004_create_reference;
mod m20261101_000005_create_event;
mod m20261102_000001_create_asset;
mod m20261102_000002_create_value;
mod m20261102_000003_create_impact_stat;
mod m20261102_000004_create_testimonial;
mod m20261102_000005_create_milestone;
mod m20261102_000006_create_team_member;
mod m20261102_000007_create_story_section;
mod m20261102_000008_create_page;
mod m20261124_000001_create_account;
mod m20261124_000002_create_session;
mod m20261124_000003_create_signing_key;
mod m20261124_000004_create_setup_token;
mod m20261124_000005_add_account_to_event;
mod m20261124_000101_add_work_list;
mod m20261124_000102_create_idempotency;
mod m20261125_000001_create_password;
mod m20261125_000002_add_state_to_account;
mod m20261125_000003_rebuild_session;
mod m20261125_000004_create_vault;
mod m20261125_000005_add_target_to_event;
mod m20261125_000006_create_attempt;
mod m20261125_000007_create_challenge;
mod m20261126_010001_create_account_link;
mod m20261126_010002_create_mail;
mod m20261126_020001_create_totp;
mod m20261126_020002_create_recovery_code;
mod m20261126_020003_create_passkey;
mod m20261126_020004_create_role_policy;
mod m20261126_030001_create_api_token;
mod m20261126_030002_create_preview_link;
mod m20261126_030003_add_token_to_event;
mod m20261126_040001_create_identity;
mod m20261126_050001_create_trusted_document;
mod m20261127_010001_add_id_to_event;
mod m20261127_010002_keep_publications_apart;
mod m20261127_020001_create_site;
mod m20261127_020002_create_media_removal;
mod m20261127_020003_create_idempotency_subject;
mod m20261127_050001_normalize_identifiers;
mod m20261128_010001_add_sort_keys;
mod m20261128_020001_create_entry_count;
mod m20261128_020001_fold_search;
mod m20261128_020002_order_indexes;
mod m20261128_050001_index_replaced_revisions;
mod m20261128_050002_index_event_networks;
mod m20261128_060001_create_audit_event;
mod m20261128_060002_create_job;
mod m20261128_060003_create_consumer;
mod m20261128_070001_add_batch_to_publication;
mod m20261128_070002_add_origin_to_revision;
mod m20261128_070003_create_pin;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

/// Brings a database to the state that this version of the program works on, and back.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261101_000001_create_entry::Migration),
            Box::new(m20261101_000002_create_revision::Migration),
            Box::new(m20261101_000003_create_publication::Migration),
            Box::new(m20261101_000004_create_reference::Migration),
            Box::new(m20261101_000005_create_event::Migration),
            Box::new(m20261102_000001_create_asset::Migration),
            Box::new(m20261102_000002_create_value::Migration),
            Box::new(m20261102_000003_create_impact_stat::Migration),
            Box::new(m20261102_000004_create_testimonial::Migration),
            Box::new(m20261102_000005_create_milestone::Migration),
            Box::new(m20261102_000006_create_team_member::Migration),
            Box::new(m20261102_000007_create_story_section::Migration),
            Box::new(m20261102_000008_create_page::Migration),
            Box::new(m20261124_000001_create_account::Migration),
            Box::new(m20261124_000002_create_session::Migration),
            Box::new(m20261124_000003_create_signing_key::Migration),
            Box::new(m20261124_000004_create_setup_token::Migration),
            Box::new(m20261124_000005_add_account_to_event::Migration),
            Box::new(m20261124_000101_add_work_list::Migration),
            Box::new(m20261124_000102_create_idempotency::Migration),
            Box::new(m20261125_000001_create_password::Migration),
            Box::new(m20261125_000002_add_state_to_account::Migration),
            Box::new(m20261125_000003_rebuild_session::Migration),
            Box::new(m20261125_000004_create_vault::Migration),
            Box::new(m20261125_000005_add_target_to_event::Migration),
            Box::new(m20261125_000006_create_attempt::Migration),
            Box::new(m20261125_000007_create_challenge::Migration),
            Box::new(m20261126_010001_create_account_link::Migration),
            Box::new(m20261126_010002_create_mail::Migration),
            Box::new(m20261126_020001_create_totp::Migration),
            Box::new(m20261126_020002_create_recovery_code::Migration),
            Box::new(m20261126_020003_create_passkey::Migration),
            Box::new(m20261126_020004_create_role_policy::Migration),
            Box::new(m20261126_030001_create_api_token::Migration),
            Box::new(m20261126_030002_create_preview_link::Migration),
            Box::new(m20261126_030003_add_token_to_event::Migration),
            Box::new(m20261126_040001_create_identity::Migration),
            Box::new(m20261126_050001_create_trusted_document::Migration),
            Box::new(m20261127_010001_add_id_to_event::Migration),
            Box::new(m20261127_010002_keep_publications_apart::Migration),
            Box::new(m20261127_020001_create_site::Migration),
            Box::new(m20261127_020002_create_media_removal::Migration),
            Box::new(m20261127_020003_create_idempotency_subject::Migration),
            Box::new(m20261127_050001_normalize_identifiers::Migration),
            Box::new(m20261128_010001_add_sort_keys::Migration),
            Box::new(m20261128_020001_create_entry_count::Migration),
            Box::new(m20261128_020002_order_indexes::Migration),
            Box::new(m20261128_020001_fold_search::Migration),
            Box::new(m20261128_050001_index_replaced_revisions::Migration),
            Box::new(m20261128_050002_index_event_networks::Migration),
            Box::new(m20261128_060001_create_audit_event::Migration),
            Box::new(m20261128_060002_create_job::Migration),
            Box::new(m20261128_060003_create_consumer::Migration),
            Box::new(m20261128_070001_add_batch_to_publication::Migration),
            Box::new(m20261128_070002_add_origin_to_revision::Migration),
            Box::new(m20261128_070003_create_pin::Migration),
        ]
    }
}
