//! Passwords in a table of their own: an account may have none.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE password (
            account_id {uuid} NOT NULL,
            hash {text} NOT NULL,
            changed_at {instant} NOT NULL,
            CONSTRAINT password_pkey PRIMARY KEY (account_id),
            CONSTRAINT password_account_id_fkey FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
        ){strict};
        INSERT INTO password (account_id, hash, changed_at) SELECT id, password_hash, created_at FROM account;
        ALTER TABLE account DROP COLUMN password_hash;
    ",
    down: "
        ALTER TABLE account ADD COLUMN password_hash {text} NOT NULL DEFAULT '';
        UPDATE account SET password_hash = COALESCE((SELECT hash FROM password WHERE account_id = account.id), '');
        DROP TABLE password;
    ",
}
