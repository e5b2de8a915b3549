//! Who somebody is elsewhere: the subject of an OpenID provider, which stays when the e-mail address changes.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE identity (
            issuer {text} NOT NULL,
            subject {text} NOT NULL,
            account_id {uuid} NOT NULL,
            created_at {instant} NOT NULL,
            last_used_at {instant} NOT NULL,
            CONSTRAINT identity_issuer_subject_key PRIMARY KEY (issuer, subject),
            CONSTRAINT identity_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        CREATE INDEX identity_account_id_idx ON identity (account_id);
    ",
    down: "DROP TABLE identity;",
}
