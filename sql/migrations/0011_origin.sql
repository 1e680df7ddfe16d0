-- Why:     two clusters may have a topic of one name, two groups and two pipelines may read one topic: what is kept about
--          their records must say whose it is
-- Change:  kafka_cluster on fact_event_dlq, millrace_gaps, millrace_replays and millrace_latency; kafka_group on these but
--          millrace_gaps, which has `group`; table millrace_writers
-- Cost:    metadata only; one column more in each insert, of one value
-- Order:   after 0003, 0004, 0009 and 0010
-- Undo:    the columns may stay: an older version does not name them; DROP TABLE millrace_writers
-- Check:   SELECT count() FROM analytics.millrace_writers succeeds
--
-- Rows from before have '' for cluster and group: nobody knows any more. They count for every cluster and group, as they
-- did.
--
-- millrace_writers: which pipeline of which group has written records of a topic into a table, one row for each start
-- (the engine keeps the last). Of a table whose rows do not say which cluster they are from, it tells whether they can
-- be of more than one: then nothing is counted or looked up there by offset. When a table was emptied, or a cluster is
-- gone for good: ALTER TABLE analytics.millrace_writers DELETE WHERE target_table = …

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
