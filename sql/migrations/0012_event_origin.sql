-- Why:     as 0011, for the facts of the built-in pipeline and what counts them: whose records they are
-- Change:  kafka_cluster on fact_event, and its index of 0010 where the table was made after it; pipeline in millrace_dead_1m and its view; fact_event_completeness_1m leaves out the
--          dead letters of pipelines that write into other tables
-- Cost:    metadata only; one column more in each insert, of one value. Dead letters that somebody inserts in the
--          milliseconds in which mv_millrace_dead_1m is made anew are not counted in millrace_dead_1m
-- Order:   after 0007 and 0011
-- Undo:    the columns may stay: an older version does not name them. CREATE OR REPLACE VIEW fact_event_completeness_1m as
--          in 0007, DROP VIEW mv_millrace_dead_1m and CREATE it as there
-- Check:   SELECT count() FROM analytics.fact_event_completeness_1m succeeds

ALTER TABLE analytics.fact_event {on_cluster}
ADD COLUMN IF NOT EXISTS kafka_cluster LowCardinality(String),
ADD INDEX IF NOT EXISTS kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1;

ALTER TABLE analytics.millrace_dead_1m {on_cluster}
ADD COLUMN IF NOT EXISTS pipeline LowCardinality(String),
MODIFY ORDER BY (bucket, service, error_type, created_bucket, pipeline);

-- Not ALTER … MODIFY QUERY: the tokens that the table behind such a view takes are others after the server's next restart
-- (26.7), and a repeat of what was inserted before it would count twice. Not CREATE OR REPLACE: servers before 26 take
-- that for an ordinary view.
DROP VIEW IF EXISTS analytics.mv_millrace_dead_1m {on_cluster};

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
