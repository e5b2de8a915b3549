//! Which roles need a second factor. Each has a row from the start, so that there is one to lock.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE role_policy (
            role {text} NOT NULL,
            requires_second_factor {bool} NOT NULL,
            CONSTRAINT role_policy_pkey PRIMARY KEY (role)
        ){strict};
        INSERT INTO role_policy (role, requires_second_factor)
            VALUES ('contributor', false), ('author', false), ('editor', false), ('admin', false);
    ",
    down: "DROP TABLE role_policy;",
}
