-- Why:     dead letters by reason (S0-55), and how complete each minute's events are (S0-60)
-- Change:  table analytics.millrace_dead_1m with its view mv_millrace_dead_1m; over it and 0006, as plain views, the
--          seed's fact_event_dlq_agg_1m and fact_event_created_stored_1m, and fact_event_completeness_1m
-- Cost:    one materialized view on the dead letters; an insert without dead letters does not touch it
-- Order:   after 0003 and 0006
-- Undo:    DROP VIEW the four views (mv_millrace_dead_1m first), then DROP TABLE analytics.millrace_dead_1m
-- Check:   SELECT sum(created_cnt), sum(stored_cnt) FROM analytics.fact_event_created_stored_1m succeeds
--
-- bucket is the minute of arrival; created_bucket the minute in which the event says it was made, or the minute of
-- arrival when it says nothing or lies outside the lateness horizon. Each view below uses one of the two, never both.
-- An arrival time that is absurd itself is replaced by processed_ts, as in 0005.
--
-- "Created" are the events of a minute that were read from Kafka, as facts or as dead letters. What still lies in
-- Kafka is in no table: `millrace lag` has that number.
--
-- Not partitioned: an insert then writes one part here whatever the times of its rows, cannot hit the limit of 100
-- partitions, and its token is found again wherever its rows fall. The table is small enough for a TTL by rows.

CREATE TABLE IF NOT EXISTS analytics.millrace_dead_1m {on_cluster}
(
    bucket         DateTime,
    service        LowCardinality(String),
    error_type     LowCardinality(String),
    created_bucket DateTime,
    total          SimpleAggregateFunction(sum, UInt64)
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (bucket, service, error_type, created_bucket)
{ttl:dead_letter:bucket}
SETTINGS {deduplication_window};

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.mv_millrace_dead_1m {on_cluster}
TO analytics.millrace_dead_1m
AS
WITH
    if(d.ingest_ts BETWEEN d.processed_ts - INTERVAL 7 DAY AND d.processed_ts + INTERVAL 1 HOUR,
       d.ingest_ts, d.processed_ts) AS arrived_ts,
    ifNull(d.created_ts BETWEEN arrived_ts - INTERVAL 7 DAY AND arrived_ts + INTERVAL 1 HOUR, false) AS is_dated
SELECT
    toStartOfMinute(arrived_ts) AS bucket,
    if(empty(ifNull(d.service, '')), 'unknown', assumeNotNull(d.service)) AS service,
    d.error_type AS error_type,
    toStartOfMinute(if(is_dated, assumeNotNull(d.created_ts), arrived_ts)) AS created_bucket,
    count() AS total
FROM analytics.fact_event_dlq AS d
GROUP BY bucket, service, error_type, created_bucket;

CREATE VIEW IF NOT EXISTS analytics.fact_event_dlq_agg_1m {on_cluster} AS
SELECT d.bucket AS bucket, d.service AS service, d.error_type AS error_type, d.total AS total
FROM analytics.millrace_dead_1m AS d;

CREATE VIEW IF NOT EXISTS analytics.fact_event_completeness_1m {on_cluster} AS
SELECT e.bucket AS bucket, e.service AS service, e.stored_cnt AS created_cnt, e.stored_cnt AS stored_cnt,
       toUInt64(0) AS dead_cnt, e.stored_10s_cnt AS stored_10s_cnt, e.stored_1m_cnt AS stored_1m_cnt,
       e.stored_5m_cnt AS stored_5m_cnt
FROM analytics.millrace_event_1m AS e
UNION ALL
SELECT d.created_bucket, d.service, d.total, toUInt64(0), d.total, toUInt64(0), toUInt64(0), toUInt64(0)
FROM analytics.millrace_dead_1m AS d;

CREATE VIEW IF NOT EXISTS analytics.fact_event_created_stored_1m {on_cluster} AS
SELECT c.bucket AS bucket, c.created_cnt AS created_cnt, c.stored_cnt AS stored_cnt
FROM analytics.fact_event_completeness_1m AS c;
