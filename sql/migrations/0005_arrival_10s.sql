-- Why:     the operating and realtime panels (S0-55, S0-56) ask for the last minutes by arrival, and must not scan facts
-- Change:  table analytics.millrace_arrival_10s with its view mv_millrace_arrival_10s; over it, as plain views, the
--          seed's fact_event_agg_1m, _lag_1m, _latency_1m, _freshness_1m, _latency_service_1m, _agg_10s, _latency_10s
--          and _latency_stage_10s
-- Cost:    one materialized view: at every insert into fact_event one more part and one pass over nine columns
-- Order:   after 0002
-- Undo:    DROP VIEW the nine views (mv_millrace_arrival_10s first), then DROP TABLE analytics.millrace_arrival_10s;
--          two days of aggregates are lost
-- Check:   SELECT countMerge(total_state) FROM analytics.fact_event_agg_1m succeeds
--
-- A materialized view runs inside the insert: each adds a part, a sort and a write, twenty times a second. The seed had
-- nine on this table and named them its greatest CPU cost (S0-58). Here are two: this one for arrival time and
-- that of 0006 for event time; the two kinds of bucket are never mixed in one table (X-3). All the seed's names are
-- plain views, which cost nothing until they are read. A 1-minute view renames six 10-second buckets instead of storing
-- them again, so it reaches back as far as this table, two days, as the seed's 1-minute tables did; 0006 keeps counts
-- and end-to-end latency by event time for longer.
--
-- Left out: a table per minute, per-topic counts (Kafka's own offsets have them), the stage ingest → processed
-- (fact_event.process_ms and millrace_latency have it).
--
-- Not partitioned: an insert then writes one part here whatever the times of its rows, cannot hit the limit of 100
-- partitions, and its token is found again wherever its rows fall. The table is small enough for a TTL by rows.
--
-- The bucket is that of ingest_ts, Kafka's record time. That is the producer's clock unless the topic says otherwise, so
-- where it lies more than 7 days behind or 1 hour ahead of processed_ts the bucket is that of processed_ts: the TTL would
-- else delete the row at once, or never.
--
-- The quantile states are t-digests because the seed's queries merge them with quantileTDigestMerge, and because no other
-- kind was cheaper: an insert of 1,000 rows cost 26 to 28 ms of CPU with quantileTDigest, 28 with Timing, 25 to 30 with
-- GK(100), 26 to 27 with DD(0.01), and 11 ms without the two views (sql/README.md). What costs is the part that each
-- view writes, and its merges, not the arithmetic.
--
-- Definitions, in milliseconds (the seed's two mistakes, S0-59, are not kept: its end-to-end began at Kafka, and its
-- ingest state was a copy of it):
--   e2e                   event_ts → stored_ts, the producer's delay included
--   ops                   ingest_ts → stored_ts, what the seed called e2e in places
--   producer_to_kafka     event_ts → ingest_ts, also served as ingest_state
--   kafka_to_spark_ingest ingest_ts → spark_ingest_ts (received by Millrace)
--   spark_processing      spark_ingest_ts → processed_ts
--   spark_to_stored       processed_ts → stored_ts, also served as sink_state
-- A negative difference is clock skew: it enters the state as 0 and is counted in the stage's *_skew_cnt. Rows without
-- spark_ingest_ts are in neither of the two stages that need it.

CREATE TABLE IF NOT EXISTS analytics.millrace_arrival_10s {on_cluster}
(
    bucket                      DateTime,
    service                     LowCardinality(String),
    total_state                 AggregateFunction(count),
    errors_state                AggregateFunction(count),
    fails_cnt                   SimpleAggregateFunction(sum, UInt64),
    stored_cnt                  SimpleAggregateFunction(sum, UInt64),
    sum_lag_ms                  SimpleAggregateFunction(sum, UInt64),
    skew_cnt                    SimpleAggregateFunction(sum, UInt64),
    e2e_skew_cnt                SimpleAggregateFunction(sum, UInt64),
    ops_skew_cnt                SimpleAggregateFunction(sum, UInt64),
    kafka_to_ingest_skew_cnt    SimpleAggregateFunction(sum, UInt64),
    processing_skew_cnt         SimpleAggregateFunction(sum, UInt64),
    sink_skew_cnt               SimpleAggregateFunction(sum, UInt64),
    max_ingest_state            AggregateFunction(max, DateTime64(3)),
    e2e_state                   AggregateFunction(quantileTDigest, Float64),
    ops_state                   AggregateFunction(quantileTDigest, Float64),
    producer_to_kafka_state     AggregateFunction(quantileTDigest, Float64),
    kafka_to_spark_ingest_state AggregateFunction(quantileTDigest, Float64),
    spark_processing_state      AggregateFunction(quantileTDigest, Float64),
    spark_to_stored_state       AggregateFunction(quantileTDigest, Float64)
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (bucket, service)
{ttl:realtime:bucket}
SETTINGS {deduplication_window};

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.mv_millrace_arrival_10s {on_cluster}
TO analytics.millrace_arrival_10s
AS
WITH
    toUnixTimestamp64Milli(f.event_ts) AS event_at,
    toUnixTimestamp64Milli(f.ingest_ts) AS ingest_at,
    toUnixTimestamp64Milli(f.processed_ts) AS processed_at,
    toUnixTimestamp64Milli(f.stored_ts) AS stored_at,
    ingest_at BETWEEN processed_at - 604800000 AND processed_at + 3600000 AS is_plausible,
    isNotNull(f.spark_ingest_ts) AS is_received,
    toUnixTimestamp64Milli(assumeNotNull(f.spark_ingest_ts)) AS received_at
SELECT
    toStartOfInterval(if(is_plausible, f.ingest_ts, f.processed_ts), INTERVAL 10 SECOND) AS bucket,
    f.service AS service,
    countState() AS total_state,
    countStateIf(f.status_code >= 500) AS errors_state,
    countIf(f.result = 'fail') AS fails_cnt,
    count() AS stored_cnt,
    sum(toUInt64(greatest(ingest_at - event_at, 0))) AS sum_lag_ms,
    countIf(ingest_at < event_at) AS skew_cnt,
    countIf(stored_at < event_at) AS e2e_skew_cnt,
    countIf(stored_at < ingest_at) AS ops_skew_cnt,
    countIf(is_received AND received_at < ingest_at) AS kafka_to_ingest_skew_cnt,
    countIf(is_received AND processed_at < received_at) AS processing_skew_cnt,
    countIf(stored_at < processed_at) AS sink_skew_cnt,
    maxState(f.ingest_ts) AS max_ingest_state,
    quantileTDigestState(toFloat64(greatest(stored_at - event_at, 0))) AS e2e_state,
    quantileTDigestState(toFloat64(greatest(stored_at - ingest_at, 0))) AS ops_state,
    quantileTDigestState(toFloat64(greatest(ingest_at - event_at, 0))) AS producer_to_kafka_state,
    quantileTDigestStateIf(toFloat64(greatest(received_at - ingest_at, 0)), is_received) AS kafka_to_spark_ingest_state,
    quantileTDigestStateIf(toFloat64(greatest(processed_at - received_at, 0)), is_received) AS spark_processing_state,
    quantileTDigestState(toFloat64(greatest(stored_at - processed_at, 0))) AS spark_to_stored_state
FROM analytics.fact_event AS f
GROUP BY bucket, service;

CREATE VIEW IF NOT EXISTS analytics.fact_event_agg_10s {on_cluster} AS
SELECT a.bucket AS bucket, a.service AS service, a.total_state AS total_state, a.errors_state AS errors_state
FROM analytics.millrace_arrival_10s AS a;

CREATE VIEW IF NOT EXISTS analytics.fact_event_agg_1m {on_cluster} AS
SELECT toStartOfMinute(a.bucket) AS bucket, a.service AS service, a.total_state AS total_state,
       a.errors_state AS errors_state
FROM analytics.millrace_arrival_10s AS a;

CREATE VIEW IF NOT EXISTS analytics.fact_event_lag_1m {on_cluster} AS
SELECT toStartOfMinute(a.bucket) AS bucket, a.sum_lag_ms / 1000 AS sum_lag, a.stored_cnt AS cnt, a.skew_cnt AS skew_cnt
FROM analytics.millrace_arrival_10s AS a;

CREATE VIEW IF NOT EXISTS analytics.fact_event_freshness_1m {on_cluster} AS
SELECT toStartOfMinute(a.bucket) AS bucket, a.max_ingest_state AS max_ingest_state
FROM analytics.millrace_arrival_10s AS a;

CREATE VIEW IF NOT EXISTS analytics.fact_event_latency_10s {on_cluster} AS
SELECT a.bucket AS bucket, a.e2e_state AS e2e_state, a.ops_state AS ops_state,
       a.producer_to_kafka_state AS ingest_state, a.spark_processing_state AS spark_processing_state,
       a.spark_to_stored_state AS sink_state, a.e2e_skew_cnt AS skew_cnt
FROM analytics.millrace_arrival_10s AS a;

CREATE VIEW IF NOT EXISTS analytics.fact_event_latency_1m {on_cluster} AS
SELECT toStartOfMinute(a.bucket) AS bucket, a.e2e_state AS e2e_state, a.ops_state AS ops_state,
       a.producer_to_kafka_state AS ingest_state, a.spark_processing_state AS spark_processing_state,
       a.spark_to_stored_state AS sink_state, a.e2e_skew_cnt AS skew_cnt
FROM analytics.millrace_arrival_10s AS a;

CREATE VIEW IF NOT EXISTS analytics.fact_event_latency_stage_10s {on_cluster} AS
SELECT a.bucket AS bucket, a.producer_to_kafka_state AS producer_to_kafka_state,
       a.kafka_to_spark_ingest_state AS kafka_to_spark_ingest_state, a.spark_processing_state AS spark_processing_state,
       a.spark_to_stored_state AS spark_to_stored_state, a.e2e_state AS e2e_state, a.e2e_skew_cnt AS skew_cnt
FROM analytics.millrace_arrival_10s AS a;

CREATE VIEW IF NOT EXISTS analytics.fact_event_latency_service_1m {on_cluster} AS
SELECT toStartOfMinute(a.bucket) AS bucket, a.service AS service, a.producer_to_kafka_state AS producer_to_kafka_state,
       a.kafka_to_spark_ingest_state AS kafka_to_spark_ingest_state, a.spark_processing_state AS spark_processing_state,
       a.spark_to_stored_state AS spark_to_stored_state, a.e2e_state AS e2e_state, a.e2e_skew_cnt AS skew_cnt
FROM analytics.millrace_arrival_10s AS a;
