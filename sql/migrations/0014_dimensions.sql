-- Why:     names for what the facts hold as codes and times (S0-67): a service's group, a status code's class, a day of the
--          week, a time of day, and which users there are
-- Change:  tables analytics.dim_service, dim_status_code, dim_date, dim_time and dim_user; millrace_service_map, what
--          people say about services; millrace_dim_refreshes, a log of `millrace dims refresh`
-- Cost:    metadata only; 87,000 small rows once they are filled. Nothing is added to an insert of facts
-- Order:   after 0002
-- Undo:    DROP TABLE the seven tables, after those of the next file that read them
-- Check:   after `millrace dims refresh`: SELECT count() FROM analytics.dim_time is 86400
--
-- The tables are filled by `millrace dims refresh` alone, from sql/dimensions/: one statement for each table, and no other
-- definition (S0-70). A refresh builds each table under another name, and when it differs from what is there it takes its place in
-- one step (ALTER TABLE … REPLACE PARTITION). A reader finds the old rows or the new ones, never none and never both.
-- EXCHANGE TABLES would do the same on one server; on replicas each server would exchange by itself, and a server that
-- missed it would replicate one table into the other. Therefore no partition key: the one partition is the table.
--
-- On a cluster the replication path has no shard in it: a dimension is the same on all nodes.
--
-- millrace_dim_refreshes is the lock, too: refresh number N is written under a token made of N alone, so one of two that
-- begin at once gets it. It holds until its row `done` or `failed`, or until lease_until: one that was killed blocks the
-- next for ten minutes at most. No TTL: a number that is forgotten would be given again under a token that is still known.

CREATE TABLE IF NOT EXISTS analytics.dim_service {on_cluster}
(
    service       String,
    service_group String,
    is_active     UInt8,
    description   Nullable(String)
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY service;

CREATE TABLE IF NOT EXISTS analytics.dim_status_code {on_cluster}
(
    status_code  Int32,
    status_class String,
    is_error     UInt8,
    description  Nullable(String)
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY status_code;

CREATE TABLE IF NOT EXISTS analytics.dim_date {on_cluster}
(
    date        Date,
    year        UInt16,
    month       UInt8,
    day         UInt8,
    week        UInt8 COMMENT 'ISO 8601: 1 to 53; the first days of January may lie in the last week of the year before',
    day_of_week UInt8 COMMENT '1 Monday to 7 Sunday',
    is_weekend  UInt8
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY date;

CREATE TABLE IF NOT EXISTS analytics.dim_time {on_cluster}
(
    time_key    UInt32 COMMENT 'HHMMSS as a number: 235959',
    hour        UInt8,
    minute      UInt8,
    second      UInt8,
    time_of_day LowCardinality(String) COMMENT 'dawn 0 to 5, morning 6 to 11, afternoon 12 to 17, evening 18 to 23'
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY time_key;

CREATE TABLE IF NOT EXISTS analytics.dim_user {on_cluster}
(
    user_id     String,
    is_active   UInt8,
    description Nullable(String)
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY user_id;

CREATE TABLE IF NOT EXISTS analytics.millrace_service_map {on_cluster}
(
    service       String,
    service_group String,
    is_active     UInt8,
    description   Nullable(String)
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY service;

CREATE TABLE IF NOT EXISTS analytics.millrace_dim_refreshes {on_cluster}
(
    sequence    UInt64,
    outcome     LowCardinality(String),
    run_id      UUID,
    who         String,
    noted_at    DateTime64(3) DEFAULT now64(3),
    lease_until DateTime64(3) DEFAULT now64(3) + INTERVAL 10 MINUTE,
    zone        LowCardinality(String),
    lookback_s  UInt32,
    row_counts  Map(LowCardinality(String), UInt64),
    changed     Array(LowCardinality(String)),
    reason      String
)
ENGINE = {engine_on_all_shards:MergeTree}
ORDER BY sequence
SETTINGS {deduplication_window};
