-- Why:     how late Millrace is, stage by stage, with histograms that can be merged over any window and all instances
-- Change:  table analytics.millrace_latency
-- Cost:    metadata only; written every 10 s, one row per stage and group
-- Order:   before Millrace is started with its latency flush on
-- Undo:    DROP TABLE analytics.millrace_latency; the history of latency is lost
-- Check:   SELECT count() FROM analytics.millrace_latency succeeds
--
-- Quantiles of different rows cannot be averaged: over a window, decode the histogram column (HDR V2, base64) and add
-- the histograms. p50 … max are for one row at a time. skewed counts negative differences, which are in no quantile.

CREATE TABLE IF NOT EXISTS analytics.millrace_latency {on_cluster}
(
    ts        DateTime64(3) CODEC(Delta, ZSTD(1)),
    instance  String CODEC(ZSTD(1)),
    pipeline  LowCardinality(String),
    stage     LowCardinality(String),
    `group`   LowCardinality(String),
    count     UInt64,
    skewed    UInt64,
    p50       Float64,
    p90       Float64,
    p95       Float64,
    p99       Float64,
    max       Float64,
    histogram String CODEC(ZSTD(3))
)
ENGINE = {engine:MergeTree}
PARTITION BY toDate(ts)
ORDER BY (pipeline, stage, `group`, ts)
{ttl:latency:ts}
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};
