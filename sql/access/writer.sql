-- The user of `millrace start`, `doctor`, `reconcile`, `dlq` and `latency`: it adds rows to Millrace's tables and reads
-- back what it needs to account for them. It can alter, delete and create nothing.
--
-- Of the facts it reads the coordinates in Kafka and four times (of the event, for the partition; of the receiving, the
-- processing and the storing, which a repeat of an insert sends again), not what the events say. Dead letters it reads
-- whole, because a replay sends them again. For a table of your own (`--table`, a pipeline file), grant INSERT, SHOW
-- COLUMNS and SELECT in the same way: on its columns for topic, partition, offset and kafka_cluster, on those for the record's
-- `received` and `processed`, on columns with DEFAULT now(), and on those of its partition key.
--
-- {password_sha256} becomes the SHA-256 of the password, in hex; see README.md.

CREATE ROLE IF NOT EXISTS millrace_writer;

GRANT SHOW TABLES, SHOW COLUMNS ON analytics.* TO millrace_writer;

GRANT INSERT ON analytics.fact_event TO millrace_writer;
GRANT INSERT ON analytics.fact_event_dlq TO millrace_writer;
GRANT INSERT ON analytics.millrace_latency TO millrace_writer;
GRANT INSERT ON analytics.millrace_offsets_1m TO millrace_writer;
GRANT INSERT ON analytics.millrace_cohorts_1m TO millrace_writer;
GRANT INSERT ON analytics.millrace_replays TO millrace_writer;
GRANT INSERT ON analytics.millrace_gaps TO millrace_writer;
GRANT INSERT ON analytics.millrace_writers TO millrace_writer;

GRANT SELECT(topic, kafka_partition, kafka_offset, kafka_cluster, event_ts, spark_ingest_ts, processed_ts, stored_ts) ON analytics.fact_event TO millrace_writer;
GRANT SELECT ON analytics.fact_event_dlq TO millrace_writer;
GRANT SELECT ON analytics.millrace_latency TO millrace_writer;
GRANT SELECT ON analytics.millrace_migrations TO millrace_writer;
GRANT SELECT ON analytics.millrace_replays TO millrace_writer;
GRANT SELECT ON analytics.millrace_gaps TO millrace_writer;
GRANT SELECT ON analytics.millrace_writers TO millrace_writer;

-- What the doctor and the error messages look up. These tables show no more than the tables that the user may see.
GRANT SELECT ON system.databases TO millrace_writer;
GRANT SELECT ON system.tables TO millrace_writer;
GRANT SELECT ON system.columns TO millrace_writer;
GRANT SELECT ON system.settings TO millrace_writer;
GRANT SELECT ON system.merge_tree_settings TO millrace_writer;
GRANT SELECT ON system.replicated_merge_tree_settings TO millrace_writer;
GRANT SELECT ON system.functions TO millrace_writer;
GRANT SELECT ON system.errors TO millrace_writer;
GRANT SELECT ON system.parts TO millrace_writer;
GRANT SELECT ON system.replicas TO millrace_writer;

-- For `millrace start --dims-refresh` with this user, and only for it (else the migrator runs `millrace dims refresh`):
-- GRANT CREATE TABLE, DROP TABLE, INSERT, SELECT ON analytics.dim_next_* TO millrace_writer;
-- GRANT SELECT, INSERT, ALTER DELETE ON analytics.dim_service TO millrace_writer; likewise the four other dim_ tables
-- GRANT SELECT, INSERT ON analytics.millrace_dim_refreshes TO millrace_writer;
-- GRANT SELECT ON analytics.millrace_service_map TO millrace_writer;
-- GRANT SELECT(ingest_ts, service, status_code, user_id) ON analytics.fact_event TO millrace_writer;
GRANT SELECT ON system.time_zones TO millrace_writer;

-- Inserts go through input(), which asks for this right before ClickHouse 26.5.
GRANT CREATE TEMPORARY TABLE ON *.* TO millrace_writer;

CREATE USER OR REPLACE millrace_writer IDENTIFIED WITH sha256_hash BY '{password_sha256}';

GRANT millrace_writer TO millrace_writer;
