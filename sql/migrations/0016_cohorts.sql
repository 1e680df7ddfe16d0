-- Why:     how complete each minute is and how fresh the newest record, by pipeline, whatever table it writes into (S0-60)
-- Change:  table millrace_cohorts_1m; the parametrised view completeness and the view freshness over it
-- Cost:    metadata only. Written every 10 s, one row for each minute, service and pipeline that something was stored of; no
--          materialized view, nothing for an event
-- Order:   after 0009 and 0011
-- Undo:    DROP VIEW the two views, then DROP TABLE analytics.millrace_cohorts_1m
-- Check:   SELECT count() FROM analytics.millrace_cohorts_1m succeeds
--
-- A cohort is what belongs to one minute, by one of two clocks: `event`, when it happened, or `kafka`, the record's time.
-- Millrace makes the rows of what its workers count for the latency stages anyway, the ages of records to three digits: of
-- something that was stored an hour after its time the minute may be the next one. What is more than a day old counts in
-- its hour, what is more than a week old in none. Events more than an hour behind their record are late and in no cohort by
-- event; fact_event_completeness_1m of the built-in pipeline has them.
--
-- completeness(from, to, step, clock, by): what is known by now of the cohorts that begin in [from, to), `step` seconds
-- together. `by` takes pipeline and service. created_cnt is what was read from Kafka, rows and dead letters; a dead letter
-- that a replay has stored counts as stored alone. Where dead letters are a pipeline's rows (the built-in dead-letters), they
-- are stored, not dead.
--
-- freshness: of each pipeline, service and clock the newest record of the last week that is stored, and its age in seconds
-- now. A time ahead of the clock counts as the moment of storing.

CREATE TABLE IF NOT EXISTS analytics.millrace_cohorts_1m {on_cluster}
(
    bucket         DateTime,
    clock          LowCardinality(String),
    pipeline       LowCardinality(String),
    service        LowCardinality(String),
    kafka_cluster  LowCardinality(String),
    kafka_group    LowCardinality(String),
    stored_cnt     SimpleAggregateFunction(sum, UInt64),
    stored_10s_cnt SimpleAggregateFunction(sum, UInt64),
    stored_1m_cnt  SimpleAggregateFunction(sum, UInt64),
    stored_5m_cnt  SimpleAggregateFunction(sum, UInt64),
    newest_ts      SimpleAggregateFunction(max, DateTime64(3))
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (bucket, clock, pipeline, service, kafka_cluster, kafka_group)
{ttl:aggregate:bucket}
SETTINGS {deduplication_window};

CREATE OR REPLACE VIEW analytics.completeness {on_cluster} AS
WITH splitByChar(',', replaceAll({parameter:by:String}, ' ', '')) AS wanted
SELECT
    toDateTime(intDiv(toUnixTimestamp(c.minute), {parameter:step:UInt32}) * {parameter:step:UInt32}) AS bucket,
    if(has(wanted, 'pipeline'), c.of_pipeline, '') AS pipeline,
    if(has(wanted, 'service'), c.of_service, '') AS service,
    sum(c.stored) + sum(c.dead) AS created_cnt,
    sum(c.stored) AS stored_cnt,
    sum(c.dead) AS dead_cnt,
    sum(c.stored_10s) AS stored_10s_cnt,
    sum(c.stored_1m) AS stored_1m_cnt,
    sum(c.stored_5m) AS stored_5m_cnt,
    stored_cnt / created_cnt AS stored_ratio,
    stored_10s_cnt / created_cnt AS stored_10s_ratio,
    stored_1m_cnt / created_cnt AS stored_1m_ratio,
    stored_5m_cnt / created_cnt AS stored_5m_ratio
FROM
(
    SELECT m.bucket AS minute, toString(m.pipeline) AS of_pipeline, toString(m.service) AS of_service,
           m.stored_cnt AS stored, toUInt64(0) AS dead, m.stored_10s_cnt AS stored_10s, m.stored_1m_cnt AS stored_1m,
           m.stored_5m_cnt AS stored_5m
    FROM analytics.millrace_cohorts_1m AS m
    WHERE m.clock = {parameter:clock:String}
      AND m.bucket >= toDateTime({parameter:from:DateTime64(3)}) AND m.bucket < toDateTime({parameter:to:DateTime64(3)})
    UNION ALL
    WITH
        if(d.ingest_ts BETWEEN d.processed_ts - INTERVAL 7 DAY AND d.processed_ts + INTERVAL 1 HOUR,
           d.ingest_ts, d.processed_ts) AS arrived_ts,
        {parameter:clock:String} = 'event'
            AND ifNull(d.created_ts BETWEEN arrived_ts - INTERVAL 7 DAY AND arrived_ts + INTERVAL 1 HOUR, false) AS is_dated,
        toStartOfMinute(if(is_dated, assumeNotNull(d.created_ts), arrived_ts)) AS begin
    SELECT toDateTime(begin), toString(d.pipeline), ifNull(d.service, ''), toUInt64(0), toUInt64(1), toUInt64(0), toUInt64(0),
           toUInt64(0)
    FROM analytics.fact_event_dlq AS d
    WHERE begin >= {parameter:from:DateTime64(3)} AND begin < {parameter:to:DateTime64(3)}
      AND d.pipeline NOT IN (
          SELECT pipeline FROM analytics.millrace_writers WHERE target_table = 'analytics.fact_event_dlq')
      AND (d.topic, d.kafka_partition, d.kafka_offset, d.pipeline, d.kafka_cluster, d.kafka_group) NOT IN (
          SELECT topic, kafka_partition, kafka_offset, pipeline, kafka_cluster, kafka_group
          FROM analytics.millrace_replays WHERE outcome = 'stored')
) AS c
WHERE throwIf({parameter:clock:String} NOT IN ('event', 'kafka'), 'clock is event or kafka') = 0
  AND throwIf(NOT hasAll(['', 'pipeline', 'service'], wanted), 'by takes pipeline and service, with commas') = 0
GROUP BY bucket, pipeline, service;

CREATE OR REPLACE VIEW analytics.freshness {on_cluster} AS
SELECT m.pipeline AS pipeline, m.service AS service, m.clock AS clock, max(m.newest_ts) AS newest,
       greatest(0, dateDiff('millisecond', newest, now64(3))) / 1000 AS age_s
FROM analytics.millrace_cohorts_1m AS m
WHERE m.bucket >= now() - INTERVAL 8 DAY
GROUP BY pipeline, service, clock;
