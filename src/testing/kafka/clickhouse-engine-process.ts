import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "chdb";

/** One run of ClickHouse's Kafka engine; files hold one record a line. */
export type KafkaEngineJob =
  | { kind: "produce"; brokers: string; topic: string; codec: string; file: string }
  | { kind: "consume"; brokers: string; topics: readonly string[]; group: string; count: number; file: string };

const [dataDir, jobText] = process.argv.slice(2);
if (dataDir === undefined || jobText === undefined) throw new Error("usage: clickhouse-engine-process DATA_DIR JOB");
const job = JSON.parse(jobText) as KafkaEngineJob;
// The engine never sends LeaveGroup: its member stays until its session ends, and the next one waits for that. Six
// seconds instead of librdkafka's 45 are the least that Apache Kafka grants (group.min.session.timeout.ms).
const configFile = join(dataDir, "..", `config-${process.pid}.xml`);
mkdirSync(dataDir, { recursive: true });
writeFileSync(
  configFile,
  "<clickhouse><kafka><session_timeout_ms>6000</session_timeout_ms>" +
    "<heartbeat_interval_ms>500</heartbeat_interval_ms></kafka></clickhouse>",
);
const session = new Session(dataDir, { connectionArgs: [`--config-file=${configFile}`] });
session.query("CREATE DATABASE conformance ENGINE = Atomic");
if (job.kind === "produce") produce(job);
else await consume(job);
process.exit(0); // the engine's threads would keep the process

function produce({ brokers, topic, codec, file }: Extract<KafkaEngineJob, { kind: "produce" }>): void {
  session.query(`CREATE TABLE conformance.sent (value String) ENGINE = Kafka SETTINGS kafka_broker_list = '${brokers}',
    kafka_topic_list = '${topic}', kafka_group_name = 'producer', kafka_format = 'RawBLOB',
    kafka_compression_codec = '${codec}'`);
  session.query(`INSERT INTO conformance.sent SELECT line FROM file('${file}', LineAsString, 'line String')`);
  session.query("DROP TABLE conformance.sent SYNC"); // waits for what librdkafka still holds
}

async function consume(job: Extract<KafkaEngineJob, { kind: "consume" }>): Promise<void> {
  session.query(`CREATE TABLE conformance.queue (value String) ENGINE = Kafka
    SETTINGS kafka_broker_list = '${job.brokers}', kafka_topic_list = '${job.topics.join(",")}',
    kafka_group_name = '${job.group}', kafka_format = 'RawBLOB', kafka_flush_interval_ms = 500,
    kafka_max_block_size = 262144, kafka_poll_max_batch_size = 65536`);
  session.query("CREATE TABLE conformance.stored (line String) ENGINE = MergeTree ORDER BY tuple()");
  session.query(`CREATE MATERIALIZED VIEW conformance.reader TO conformance.stored AS
    SELECT concat(_key, '\\t', value) AS line FROM conformance.queue`);
  while (Number(session.query("SELECT count() FROM conformance.stored").trim()) < job.count) await sleep(100);
  // The offset is committed after the insert; dropping ends the round, commit included.
  session.query("DROP TABLE conformance.reader SYNC");
  session.query("DROP TABLE conformance.queue SYNC");
  session.query(`SELECT line FROM conformance.stored INTO OUTFILE '${job.file}' TRUNCATE FORMAT LineAsString`);
}
