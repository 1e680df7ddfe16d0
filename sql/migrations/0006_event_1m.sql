-- Why:     figures of a minute must correct themselves when its late events arrive (S4-10), and be kept for weeks
-- Change:  table analytics.millrace_event_1m with its view mv_millrace_event_1m
-- Cost:    one materialized view: at every insert into fact_event one more part, and one pass over five columns
-- Order:   after 0002
-- Undo:    DROP VIEW analytics.mv_millrace_event_1m, then DROP TABLE analytics.millrace_event_1m; can be rebuilt from
--          fact_event as far as that reaches
-- Check:   SELECT countMerge(total_state) FROM analytics.millrace_event_1m succeeds
--
-- The bucket is the minute of event_ts. Every column is a state that adds up, so a row that comes a week late changes
-- exactly its own minute. The columns stored_10s_cnt … stored_5m_cnt say how many of a minute's events were stored
-- that soon after they happened: the share of a cohort by age only climbs (S0-60), whereas dividing the stored by the
-- created events of one wall-clock minute drops to 0 % under every delay. Event times ahead of stored_ts are skew;
-- they count as stored at once.
--
-- Not partitioned: an insert then writes one part here whatever the times of its rows, cannot hit the limit of 100
-- partitions, and its token is found again wherever its rows fall. The table is small enough for a TTL by rows.

CREATE TABLE IF NOT EXISTS analytics.millrace_event_1m {on_cluster}
(
    bucket         DateTime,
    service        LowCardinality(String),
    total_state    AggregateFunction(count),
    errors_state   AggregateFunction(count),
    fails_cnt      SimpleAggregateFunction(sum, UInt64),
    stored_cnt     SimpleAggregateFunction(sum, UInt64),
    stored_10s_cnt SimpleAggregateFunction(sum, UInt64),
    stored_1m_cnt  SimpleAggregateFunction(sum, UInt64),
    stored_5m_cnt  SimpleAggregateFunction(sum, UInt64),
    skew_cnt       SimpleAggregateFunction(sum, UInt64),
    last_stored_ts SimpleAggregateFunction(max, DateTime64(3)),
    e2e_state      AggregateFunction(quantileTDigest, Float64)
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (bucket, service)
{ttl:aggregate:bucket}
SETTINGS {deduplication_window};

CREATE MATERIALIZED VIEW IF NOT EXISTS analytics.mv_millrace_event_1m {on_cluster}
TO analytics.millrace_event_1m
AS
WITH toUnixTimestamp64Milli(f.stored_ts) - toUnixTimestamp64Milli(f.event_ts) AS age_ms
SELECT
    toStartOfMinute(f.event_ts) AS bucket,
    f.service AS service,
    countState() AS total_state,
    countStateIf(f.status_code >= 500) AS errors_state,
    countIf(f.result = 'fail') AS fails_cnt,
    count() AS stored_cnt,
    countIf(age_ms <= 10000) AS stored_10s_cnt,
    countIf(age_ms <= 60000) AS stored_1m_cnt,
    countIf(age_ms <= 300000) AS stored_5m_cnt,
    countIf(age_ms < 0) AS skew_cnt,
    max(f.stored_ts) AS last_stored_ts,
    quantileTDigestState(toFloat64(greatest(age_ms, 0))) AS e2e_state
FROM analytics.fact_event AS f
GROUP BY bucket, service;
