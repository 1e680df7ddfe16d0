-- Why:     whether what a minute brought into Kafka is done by now: the cohorts of 0016 know only what was read (S0-60)
-- Change:  table millrace_offsets_1m; the parametrised view arrivals over it
-- Cost:    metadata only. Written every 10 s, one row for each partition whose offsets have moved, and once an hour for all
-- Order:   after 0011
-- Undo:    DROP VIEW analytics.arrivals, then DROP TABLE analytics.millrace_offsets_1m
-- Check:   SELECT count() FROM analytics.millrace_offsets_1m succeeds
--
-- log_end is the offset that the partition's next record would have had at the end of the minute, to ten seconds; committed
-- is how far the group was. Several instances may write the same partition: the greatest values count.
--
-- arrivals(from, to, step, by): the records that came into Kafka in each `step` seconds, and how many of them are done by
-- now, that is stored, a dead letter, or noted as a gap. done_ratio climbs from 0 to 1, whatever the pipeline, its table and
-- the clocks of its producers. `by` takes pipeline, topic, kafka_cluster and kafka_group. Records are counted by offsets:
-- markers of transactions and what compaction took count as well. What came while no instance was running counts in the
-- minute before the next one began, if that is not more than two days later; then, and of a group that is new, what it has
-- not committed counts there.

CREATE TABLE IF NOT EXISTS analytics.millrace_offsets_1m {on_cluster}
(
    bucket          DateTime,
    pipeline        LowCardinality(String),
    topic           LowCardinality(String),
    kafka_partition Int32,
    kafka_cluster   LowCardinality(String),
    kafka_group     LowCardinality(String),
    log_end         SimpleAggregateFunction(max, Int64),
    committed       SimpleAggregateFunction(max, Int64)
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (bucket, pipeline, topic, kafka_partition, kafka_cluster, kafka_group)
{ttl:aggregate:bucket}
SETTINGS {deduplication_window};

CREATE OR REPLACE VIEW analytics.arrivals {on_cluster} AS
WITH splitByChar(',', replaceAll({parameter:by:String}, ' ', '')) AS wanted
SELECT
    toDateTime(intDiv(toUnixTimestamp(c.minute), {parameter:step:UInt32}) * {parameter:step:UInt32}) AS bucket,
    if(has(wanted, 'pipeline'), c.of_pipeline, '') AS pipeline,
    if(has(wanted, 'topic'), c.of_topic, '') AS topic,
    if(has(wanted, 'kafka_cluster'), c.of_cluster, '') AS kafka_cluster,
    if(has(wanted, 'kafka_group'), c.of_group, '') AS kafka_group,
    toUInt64(sum(c.last - c.first)) AS created_cnt,
    toUInt64(sum(greatest(least(c.reached, c.last) - c.first, 0))) AS done_cnt,
    created_cnt - done_cnt AS open_cnt,
    if(created_cnt = 0, 1, done_cnt / created_cnt) AS done_ratio
FROM
(
    SELECT
        p.minute AS minute, p.of_pipeline AS of_pipeline, p.of_topic AS of_topic, p.of_cluster AS of_cluster,
        p.of_group AS of_group, p.log_end AS last,
        -- Of a partition that is seen for the first time: what was not committed. One that was made anew begins with smaller
        -- offsets: then nothing is known of this minute.
        least(p.log_end, lagInFrame(p.log_end, 1, p.committed) OVER its) AS first,
        last_value(p.committed) OVER its AS reached
    FROM
    (
        SELECT o.bucket AS minute, toString(o.pipeline) AS of_pipeline, toString(o.topic) AS of_topic,
               o.kafka_partition AS of_partition, toString(o.kafka_cluster) AS of_cluster,
               toString(o.kafka_group) AS of_group, max(o.log_end) AS log_end, max(o.committed) AS committed
        FROM analytics.millrace_offsets_1m AS o
        WHERE o.bucket >= toDateTime({parameter:from:DateTime64(3)}) - INTERVAL 2 DAY
        GROUP BY minute, of_pipeline, of_topic, of_partition, of_cluster, of_group
    ) AS p
    WINDOW its AS (PARTITION BY p.of_cluster, p.of_group, p.of_topic, p.of_partition ORDER BY p.minute
                   ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) AS c
WHERE c.minute >= toDateTime({parameter:from:DateTime64(3)}) AND c.minute < toDateTime({parameter:to:DateTime64(3)})
  AND throwIf(NOT hasAll(['', 'pipeline', 'topic', 'kafka_cluster', 'kafka_group'], wanted),
      'by takes pipeline, topic, kafka_cluster and kafka_group, with commas') = 0
GROUP BY bucket, pipeline, topic, kafka_cluster, kafka_group;
