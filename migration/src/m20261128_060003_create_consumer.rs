//! The cursors of consumers of the content log; and on PostgreSQL, notifications of other instances when the log has moved or a job
//! was enqueued. Triggers send them, so that no transaction takes a round trip more.

use crate::sql::migration;

migration! {
    up: "
        CREATE TABLE consumer (
            name {text} NOT NULL,
            sequence {bigint} NOT NULL,
            event_id {uuid} NOT NULL,
            CONSTRAINT consumer_pkey PRIMARY KEY (name)
        ){strict};
        {only postgres} CREATE FUNCTION kindling_notify() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_notify('kindling', TG_TABLE_NAME); RETURN NULL; END $$;
        {only postgres} CREATE TRIGGER event_counter_notify AFTER UPDATE ON event_counter
            FOR EACH STATEMENT EXECUTE FUNCTION kindling_notify();
        {only postgres} CREATE TRIGGER job_notify AFTER INSERT ON job
            FOR EACH STATEMENT EXECUTE FUNCTION kindling_notify();
    ",
    down: "
        {only postgres} DROP TRIGGER job_notify ON job;
        {only postgres} DROP TRIGGER event_counter_notify ON event_counter;
        {only postgres} DROP FUNCTION kindling_notify();
        DROP TABLE consumer;
    ",
}
