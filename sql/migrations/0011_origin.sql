-- Why:     two clusters may have a topic of one name, two groups and two pipelines may read one topic: what is kept about
--          their records must say whose it is
-- Change:  kafka_cluster on fact_event, fact_event_dlq, millrace_gaps, millrace_replays and millrace_latency; kafka_group on
--          the last four but millrace_gaps, which has `group`; table millrace_writers; pipeline in millrace_dead_1m and
--          its view; fact_event_completeness_1m leaves out the dead letters of pipelines that write into other tables
-- Cost:    metadata only; one column more in each insert, of one value
-- Order:   after 0007, 0009 and 0010
-- Undo:    the columns may stay: an older version does not name them. CREATE OR REPLACE VIEW fact_event_completeness_1m as
--          in 0007 and ALTER TABLE mv_millrace_dead_1m MODIFY QUERY as there; DROP TABLE millrace_writers
-- Check:   SELECT count() FROM analytics.millrace_writers succeeds
--
-- Rows from before have '' for cluster and group: nobody knows any more. They count for every cluster and group, as they
-- did.
--
-- millrace_writers: which pipeline of which group has written records of a topic into a table, one row for each start
-- (the engine keeps the last). Of a table whose rows do not say which cluster they are from, it tells whether they can
-- be of more than one: then nothing is counted or looked up there by offset. When a table was emptied, or a cluster is
-- gone for good: ALTER TABLE analytics.millrace_writers DELETE WHERE target_table = …

ALTER TABLE analytics.fact_event {on_cluster}
ADD COLUMN IF NOT EXISTS kafka_cluster LowCardinality(String);

ALTER TABLE analytics.fact_event_dlq {on_cluster}
ADD COLUMN IF NOT EXISTS kafka_cluster LowCardinality(String),
ADD COLUMN IF NOT EXISTS kafka_group LowCardinality(String);

-- In the key: the engine would take the same gap of another cluster for a repeat.
ALTER TABLE analytics.millrace_gaps {on_cluster}
ADD COLUMN IF NOT EXISTS kafka_cluster LowCardinality(String),
MODIFY ORDER BY (topic, partition, first_offset, last_offset, reason, `group`, absent, kafka_cluster);

ALTER TABLE analytics.millrace_replays {on_cluster}
ADD COLUMN IF NOT EXISTS kafka_cluster LowCardinality(String),
ADD COLUMN IF NOT EXISTS kafka_group LowCardinality(String);

ALTER TABLE analytics.millrace_latency {on_cluster}
ADD COLUMN IF NOT EXISTS kafka_cluster LowCardinality(String),
ADD COLUMN IF NOT EXISTS kafka_group LowCardinality(String);

CREATE TABLE IF NOT EXISTS analytics.millrace_writers {on_cluster}
(
    target_table  LowCardinality(String),
    topic         LowCardinality(String),
    kafka_cluster LowCardinality(String),
    kafka_group   LowCardinality(String),
    pipeline      LowCardinality(String),
    started_at    DateTime64(3) DEFAULT now64(3)
)
ENGINE = {engine:ReplacingMergeTree}
ORDER BY (target_table, topic, kafka_cluster, kafka_group, pipeline)
SETTINGS {deduplication_window};

ALTER TABLE analytics.millrace_dead_1m {on_cluster}
ADD COLUMN IF NOT EXISTS pipeline LowCardinality(String),
MODIFY ORDER BY (bucket, service, error_type, created_bucket, pipeline);

ALTER TABLE analytics.mv_millrace_dead_1m {on_cluster}
MODIFY QUERY
WITH
    if(d.ingest_ts BETWEEN d.processed_ts - INTERVAL 7 DAY AND d.processed_ts + INTERVAL 1 HOUR,
       d.ingest_ts, d.processed_ts) AS arrived_ts,
    ifNull(d.created_ts BETWEEN arrived_ts - INTERVAL 7 DAY AND arrived_ts + INTERVAL 1 HOUR, false) AS is_dated
SELECT
    toStartOfMinute(arrived_ts) AS bucket,
    if(empty(ifNull(d.service, '')), 'unknown', assumeNotNull(d.service)) AS service,
    d.error_type AS error_type,
    toStartOfMinute(if(is_dated, assumeNotNull(d.created_ts), arrived_ts)) AS created_bucket,
    d.pipeline AS pipeline,
    count() AS total
FROM analytics.fact_event_dlq AS d
GROUP BY bucket, service, error_type, created_bucket, pipeline;

-- Producers' own dead letters (pipeline dead-letters, or what their envelope says) were to be events too; the others are
-- known by who writes into fact_event.
CREATE OR REPLACE VIEW analytics.fact_event_completeness_1m {on_cluster} AS
SELECT e.bucket AS bucket, e.service AS service, e.stored_cnt AS created_cnt, e.stored_cnt AS stored_cnt,
       toUInt64(0) AS dead_cnt, e.stored_10s_cnt AS stored_10s_cnt, e.stored_1m_cnt AS stored_1m_cnt,
       e.stored_5m_cnt AS stored_5m_cnt
FROM analytics.millrace_event_1m AS e
UNION ALL
SELECT d.created_bucket, d.service, d.total, toUInt64(0), d.total, toUInt64(0), toUInt64(0), toUInt64(0)
FROM analytics.millrace_dead_1m AS d
WHERE d.pipeline NOT IN (
    SELECT pipeline FROM analytics.millrace_writers
    WHERE target_table NOT IN ('analytics.fact_event', 'analytics.fact_event_dlq'))
   OR d.pipeline IN (SELECT pipeline FROM analytics.millrace_writers WHERE target_table = 'analytics.fact_event');
