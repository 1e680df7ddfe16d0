import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { queryRows } from "../../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../../clients/clickhouse/sql-text.ts";
import { type ProfileName, profileFor } from "../../../config/profiles.ts";
import type { TopicPartition } from "../../../core/topic-partition.ts";
import { Random } from "../../../simulator/random.ts";
import { describeRecords, describeWrong, type Judgement, judgeRecords, recordFindings } from "../judgement.ts";
import { ingesters, type Rig, withRig } from "../rig.ts";
import { type ScenarioResult, type ScenarioTerms, stopAll } from "./scenario.ts";
import { openPlace } from "./started-ingester.ts";

const PROFILES = ["mid", "high"] as const satisfies ProfileName[];
const EVENTS = 20;
/** On top of the profile's flush time. */
const ALLOWANCE_MS = 500;
const VISIBLE_POLL_MS = 10;
const VISIBLE_MS_MAX = 30_000;
const ASSIGNED_MS_MAX = 60_000;
/** Between two events: every phase of timers and fetches is met, and each partition is quiet again. */
const PAUSE_MS = [300, 1_700] as const;
/** This share is refused by the codec and must be as quick in the dead letters. */
const BAD_SHARE = 0.2;

interface Measured extends TopicPartition {
  offset: string;
  table: string;
  /** From the producer's acknowledgement until a query of this process found the row. */
  visibleMs: number;
}

interface ProfileFigures {
  profile: string;
  flushIntervalMs: number;
  limitMs: number;
  minMs: number;
  medianMs: number;
  maxMs: number;
  events: Measured[];
}

/** Single events on quiet partitions, profile after profile, each on new servers. */
export async function quietEvent(terms: ScenarioTerms): Promise<ScenarioResult> {
  const parts: { profile: ProfileFigures; judgement: Judgement; findings: string[]; lines: string[] }[] = [];
  let broker = "";
  for (const name of PROFILES) {
    const part = await withRig(
      terms,
      async (rig) => {
        broker = rig.broker.name;
        return measureProfile(rig, name, terms);
      },
      ({ findings }) => findings.length === 0,
    );
    parts.push(part);
  }
  return {
    scenario: "quiet-event",
    broker,
    findings: parts.flatMap(({ findings }) => findings),
    figures: {
      pollMs: VISIBLE_POLL_MS,
      profiles: parts.map(({ profile, judgement }) => ({ ...profile, ...judgement })),
    },
    lines: parts.flatMap(({ lines }) => lines),
  };
}

async function measureProfile(rig: Rig, name: ProfileName, { say, signal, seed }: ScenarioTerms) {
  const { flushIntervalMs } = profileFor(name, 2);
  const limitMs = flushIntervalMs + ALLOWANCE_MS;
  const ingester = (await openPlace(rig, { index: 1, profile: name })).start();
  await ingester.untilAssigned(ASSIGNED_MS_MAX);
  const producer = new Kafka({ brokers: [rig.brokers], logLevel: logLevel.NOTHING }).producer();
  rig.closers.push(() => producer.disconnect());
  await producer.connect();
  const partitions = (await rig.admin.fetchTopicMetadata({ topics: ingesters.topics })).topics.flatMap((topic) =>
    topic.partitions.map(({ partitionId }) => ({ topic: topic.name, partition: partitionId })),
  );
  // The producer-side dead letters have a format of their own.
  const targets = partitions.filter(({ topic }) => topic !== "logs.dlq");
  const random = new Random(seed);
  const events: Measured[] = [];
  say(`profile ${name}: flush time ${flushIntervalMs} ms, limit ${limitMs} ms`);
  for (let index = 0; index < EVENTS; index++) {
    await sleep(random.between(...PAUSE_MS), undefined, { signal });
    const target = targets[index % targets.length]!;
    events.push(await measureOne(rig.client, producer, target, random.fraction() < BAD_SHARE));
  }
  const findings = events
    .filter(({ visibleMs }) => visibleMs > limitMs)
    .map(
      ({ topic, partition, offset, visibleMs }) =>
        `profile ${name}: ${topic}:${partition} offset ${offset} was visible after ${visibleMs} ms, limit ${limitMs} ms`,
    );
  await stopAll([ingester], findings);
  const { grownBehindTheEnd: _, ...judgement } = await judgeRecords(rig, [], undefined);
  if (judgement.delivery.expected !== EVENTS) findings.push(`${judgement.delivery.expected} records, not ${EVENTS}`);
  findings.push(...recordFindings(judgement));
  const sorted = events.map(({ visibleMs }) => visibleMs).sort((a, b) => a - b);
  const [minMs, medianMs, maxMs] = [sorted[0]!, sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
  const profile: ProfileFigures = { profile: name, flushIntervalMs, limitMs, minMs, medianMs, maxMs, events };
  const lines = [
    `${name.padEnd(11)} ${EVENTS} single events: ${minMs} / ${medianMs} / ${maxMs} ms (min / median / max) from the ` +
      `acknowledgement until a query sees the row; limit ${limitMs} ms (flush time ${flushIntervalMs} ms)`,
    ...describeRecords({ ...judgement, acknowledged: EVENTS }).slice(0, 4),
    ...describeWrong(judgement, rig.journal),
  ];
  return { profile, judgement: { ...judgement, acknowledged: EVENTS }, findings, lines };
}

/** Both times are this process's own: of the producer's promise, and of the answer that has the row. */
async function measureOne(
  client: ClickHouseClient,
  producer: Producer,
  { topic, partition }: TopicPartition,
  isBad: boolean,
): Promise<Measured> {
  const event = { event_name: "quiet", domain: "auth", service: topic.slice("logs.".length), ts_ms: Date.now() };
  const value = isBad ? "not JSON" : JSON.stringify(event);
  const [answer] = await producer.send({ topic, acks: -1, messages: [{ partition, value }] });
  const acknowledgedMs = performance.now();
  const offset = answer!.baseOffset!;
  const where = `topic = ${quoteText(topic)} AND kafka_partition = ${partition} AND kafka_offset = ${offset}`;
  const tables = ["analytics.fact_event", "analytics.fact_event_dlq"];
  const query = tables.map((table) => `SELECT '${table}' AS table FROM ${table} WHERE ${where}`).join(" UNION ALL ");
  for (;;) {
    const [row] = await queryRows<{ table: string }>(client, query);
    const visibleMs = Math.round(performance.now() - acknowledgedMs);
    if (row !== undefined) return { topic, partition, offset, table: row.table, visibleMs };
    // The oracle will call it missing.
    if (visibleMs > VISIBLE_MS_MAX) return { topic, partition, offset, table: "none", visibleMs };
    await sleep(VISIBLE_POLL_MS);
  }
}
