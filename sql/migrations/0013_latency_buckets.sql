-- Why:     p95 of any window, and by vCPU budget, profile, instance, pipeline or service, from ClickHouse alone
-- Change:  bounds, counts, profile and vcpus on millrace_latency; the parametrised views latency, latency_series and
--          latency_buckets over it
-- Cost:    metadata only. A row takes some 2 KB more on disk; written every 10 s as before, nothing for an event
-- Order:   after 0011
-- Undo:    DROP VIEW the three views; the columns may stay: an older version does not name them
-- Check:   SELECT stage, p95_ms FROM analytics.latency(from = now() - 600, to = now() + 1, by = '') succeeds
--
-- bounds and counts are the HDR histogram's own buckets, those that hold something, in ascending order: the highest value
-- in ms that a bucket takes, and its records. So sumMap merges rows of any time and any instance without loss, and a
-- quantile read from it is the one that millrace latency reads: exact below 2,048 ms, less than 0.1 % above the true
-- value beyond. The histogram column stays: it is HDR's own format, for other programs.
--
-- Rows from before, and of instances that have not been upgraded yet, have no buckets, profile '' and vcpus 0. The
-- views count their records in unbucketed_cnt and nowhere else; millrace latency decodes their histograms.
--
-- latency(from, to, by): one row for each stage of the rows written in [from, to). latency_series(from, to, step, by):
-- the same for every `step` seconds. `by` names columns, as in by = 'profile,vcpus'; what it does not name is merged, and
-- '' (vcpus: 0) in the answer:
--   service     with the rows of each service those of all records, whose service is ''. Only produce, fetch, pipeline
--               and e2e are known by service; pipelines say by latencyGroup which column is theirs
--   pipeline, profile, vcpus, instance, kafka_cluster, kafka_group
-- latency_buckets(from, to, step): how many records of each stage in the buckets of /metrics, for heat maps; le_ms is
-- inf above the last.
--
-- The terms are in docs/glossary.md. A row describes the 10 s before its ts. Quantiles are NULL where nothing is known.

ALTER TABLE analytics.millrace_latency {on_cluster}
ADD COLUMN IF NOT EXISTS profile LowCardinality(String),
ADD COLUMN IF NOT EXISTS vcpus UInt16,
ADD COLUMN IF NOT EXISTS bounds Array(UInt32) CODEC(Delta, ZSTD(1)),
ADD COLUMN IF NOT EXISTS counts Array(UInt64) CODEC(ZSTD(1));

-- Not one over the other: servers before 25 do not hand parameters on.
CREATE OR REPLACE VIEW analytics.latency {on_cluster} AS
WITH
    arrayCumSum(counts) AS running,
    toUInt64(arraySum(counts)) AS total
SELECT
    stage, service, pipeline, profile, vcpus, instance, kafka_cluster, kafka_group,
    total AS total_cnt,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 50 + 99, 100), running)]) AS p50_ms,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 90 + 99, 100), running)]) AS p90_ms,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 95 + 99, 100), running)]) AS p95_ms,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 99 + 99, 100), running)]) AS p99_ms,
    if(total = 0, NULL, bounds[-1]) AS max_ms,
    if(total = 0, NULL, bounds[1]) AS min_ms,
    if(total = 0, NULL, arraySum((bound, n) -> bound * n, bounds, counts) / total) AS avg_ms,
    toUInt64(arraySum((bound, n) -> if(bound > 1000, n, 0), bounds, counts)) AS slow_cnt,
    if(total = 0, NULL, slow_cnt / total) AS slow_ratio,
    skewed AS skew_cnt,
    unbucketed AS unbucketed_cnt,
    bounds,
    counts
FROM
(
    WITH splitByChar(',', replaceAll({parameter:by:String}, ' ', '')) AS wanted
    SELECT
        l.stage AS stage,
        if(has(wanted, 'service'), toString(l.`group`), '') AS service,
        if(has(wanted, 'pipeline'), toString(l.pipeline), '') AS pipeline,
        if(has(wanted, 'profile'), toString(l.profile), '') AS profile,
        if(has(wanted, 'vcpus'), l.vcpus, 0) AS vcpus,
        if(has(wanted, 'instance'), l.instance, '') AS instance,
        if(has(wanted, 'kafka_cluster'), toString(l.kafka_cluster), '') AS kafka_cluster,
        if(has(wanted, 'kafka_group'), toString(l.kafka_group), '') AS kafka_group,
        sumMap(l.bounds, l.counts) AS merged,
        tupleElement(merged, 1) AS bounds,
        tupleElement(merged, 2) AS counts,
        sum(l.skewed) AS skewed,
        sumIf(l.count, empty(l.bounds)) AS unbucketed
    FROM analytics.millrace_latency AS l
    WHERE l.ts >= {parameter:from:DateTime64(3)} AND l.ts < {parameter:to:DateTime64(3)}
      AND (has(wanted, 'service') OR l.`group` = '')
      AND throwIf(NOT hasAll(['', 'service', 'pipeline', 'profile', 'vcpus', 'instance', 'kafka_cluster', 'kafka_group'],
          wanted), 'by takes service, pipeline, profile, vcpus, instance, kafka_cluster and kafka_group, with commas') = 0
    GROUP BY stage, service, pipeline, profile, vcpus, instance, kafka_cluster, kafka_group
);

CREATE OR REPLACE VIEW analytics.latency_series {on_cluster} AS
WITH
    arrayCumSum(counts) AS running,
    toUInt64(arraySum(counts)) AS total
SELECT
    bucket, stage, service, pipeline, profile, vcpus, instance, kafka_cluster, kafka_group,
    total AS total_cnt,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 50 + 99, 100), running)]) AS p50_ms,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 90 + 99, 100), running)]) AS p90_ms,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 95 + 99, 100), running)]) AS p95_ms,
    if(total = 0, NULL, bounds[arrayFirstIndex(n -> n >= intDiv(total * 99 + 99, 100), running)]) AS p99_ms,
    if(total = 0, NULL, bounds[-1]) AS max_ms,
    if(total = 0, NULL, bounds[1]) AS min_ms,
    if(total = 0, NULL, arraySum((bound, n) -> bound * n, bounds, counts) / total) AS avg_ms,
    toUInt64(arraySum((bound, n) -> if(bound > 1000, n, 0), bounds, counts)) AS slow_cnt,
    if(total = 0, NULL, slow_cnt / total) AS slow_ratio,
    skewed AS skew_cnt,
    unbucketed AS unbucketed_cnt,
    bounds,
    counts
FROM
(
    WITH splitByChar(',', replaceAll({parameter:by:String}, ' ', '')) AS wanted
    SELECT
        toDateTime(intDiv(toUnixTimestamp(l.ts), {parameter:step:UInt32}) * {parameter:step:UInt32}) AS bucket,
        l.stage AS stage,
        if(has(wanted, 'service'), toString(l.`group`), '') AS service,
        if(has(wanted, 'pipeline'), toString(l.pipeline), '') AS pipeline,
        if(has(wanted, 'profile'), toString(l.profile), '') AS profile,
        if(has(wanted, 'vcpus'), l.vcpus, 0) AS vcpus,
        if(has(wanted, 'instance'), l.instance, '') AS instance,
        if(has(wanted, 'kafka_cluster'), toString(l.kafka_cluster), '') AS kafka_cluster,
        if(has(wanted, 'kafka_group'), toString(l.kafka_group), '') AS kafka_group,
        sumMap(l.bounds, l.counts) AS merged,
        tupleElement(merged, 1) AS bounds,
        tupleElement(merged, 2) AS counts,
        sum(l.skewed) AS skewed,
        sumIf(l.count, empty(l.bounds)) AS unbucketed
    FROM analytics.millrace_latency AS l
    WHERE l.ts >= {parameter:from:DateTime64(3)} AND l.ts < {parameter:to:DateTime64(3)}
      AND (has(wanted, 'service') OR l.`group` = '')
      AND throwIf(NOT hasAll(['', 'service', 'pipeline', 'profile', 'vcpus', 'instance', 'kafka_cluster', 'kafka_group'],
          wanted), 'by takes service, pipeline, profile, vcpus, instance, kafka_cluster and kafka_group, with commas') = 0
    GROUP BY bucket, stage, service, pipeline, profile, vcpus, instance, kafka_cluster, kafka_group
);

-- The bounds are those of src/telemetry/stage-buckets.ts; a test compares them.
CREATE OR REPLACE VIEW analytics.latency_buckets {on_cluster} AS
WITH [5, 6.3, 8, 10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250,
      1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000, 20000, 25000, 31500, 40000, 50000, 60000, inf]
    AS le
SELECT
    toDateTime(intDiv(toUnixTimestamp(l.ts), {parameter:step:UInt32}) * {parameter:step:UInt32}) AS bucket,
    l.stage AS stage,
    arrayFirst(upper -> upper >= bound, le) AS le_ms,
    sum(n) AS total_cnt
FROM analytics.millrace_latency AS l
ARRAY JOIN l.bounds AS bound, l.counts AS n
WHERE l.ts >= {parameter:from:DateTime64(3)} AND l.ts < {parameter:to:DateTime64(3)} AND l.`group` = ''
GROUP BY bucket, stage, le_ms;
