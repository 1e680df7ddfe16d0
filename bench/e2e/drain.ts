import { setTimeout as sleep } from "node:timers/promises";
import { queryRows } from "../../src/clients/clickhouse/query-rows.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { type Checksum, readChecksum } from "./checksum.ts";
import { type BenchClickHouse, startBenchClickHouse } from "./clickhouse.ts";
import type { Peer, RunningPeer } from "./peer.ts";
import { ProcessTree } from "./process-tree.ts";
import { type BenchTable, createTable } from "./table.ts";
import type { FilledTopic } from "./topic.ts";

/** What all runs of a table of results share. */
export interface DrainSetup {
  brokers: string;
  /** Of the broker; its CPU is reported and not counted. */
  brokerPid: number;
  topic: FilledTopic;
  table: BenchTable;
  /** Called on the fresh server after the table was made, for views. */
  prepare?: (clickHouse: BenchClickHouse) => Promise<void>;
  log(line: string): void;
}

/** One peer, once. Times count from the peer's `ready` to its last row. */
export interface DrainResult {
  peer: string;
  rows: number;
  wallSeconds: number;
  clickHouseCpuSeconds: number;
  peerCpuSeconds: number;
  brokerCpuSeconds: number;
  rowsPerCpuSecond: number;
  rowsPerSecond: number;
  clickHouseRssMiB: number;
  peerRssMiB: number;
  /** When 95 % of the rows were readable, from the start: the p95 of records that all waited when it began. */
  drainP95Ms: number | undefined;
  insertP95Ms: number | undefined;
  e2eP95Ms: number | undefined;
  eventLoopUtilisation: number | undefined;
  /** Undefined for a peer that stores nothing. */
  checksum: Checksum | undefined;
}

const POLL_MS = 100;
/** Near the end the moment of the last row matters: a tenth of a second would be 5 % of a fast run. */
const POLL_NEAR_END_MS = 20;
const NEAR_END_SHARE = 0.6;
const SAMPLE_MS = 500;
const STALL_MS = 60_000;
const SETTLE_MS = 500;

/**
 * Drains the topic with one peer into a new table on a new server, and measures it.
 *
 * @throws MillraceError E_INCOMPLETE when for 60 s no row came, or whatever ended the peer.
 */
export async function drainOnce(peer: Peer, setup: DrainSetup): Promise<DrainResult> {
  const clickHouse = await startBenchClickHouse();
  let running: RunningPeer | undefined;
  let stopped = false;
  try {
    await createTable(clickHouse.client, setup.table);
    await setup.prepare?.(clickHouse);
    await sleep(SETTLE_MS);
    const { topic } = setup;
    running = await peer.start({
      brokers: setup.brokers,
      topic: topic.topic,
      partitions: topic.partitions,
      events: topic.events,
      clickHouseUrl: clickHouse.url,
      table: setup.table.name,
      workDirectory: clickHouse.workDirectory,
      log: (line) => setup.log(`${peer.name}: ${line}`),
    });
    running.ended.catch(() => {});
    await Promise.race([running.ready, failureOf(running)]);
    const measured = await measure(peer, running, clickHouse, setup);
    const checksum = peer.writesTable ? await readChecksum(clickHouse.client, setup.table) : undefined;
    stopped = true;
    const { insertP95Ms, e2eP95Ms, eventLoopUtilisation } = await running.stop();
    return { peer: peer.name, ...measured, insertP95Ms, e2eP95Ms, eventLoopUtilisation, checksum };
  } finally {
    if (!stopped) await running?.stop().catch(() => {});
    await clickHouse.close();
  }
}

/** Never resolves: rejects when the peer fails. */
function failureOf(running: RunningPeer): Promise<never> {
  return new Promise((_, reject) => running.ended.catch(reject));
}

type Measured = Omit<DrainResult, "peer" | "insertP95Ms" | "e2eP95Ms" | "eventLoopUtilisation" | "checksum">;

async function measure(
  peer: Peer,
  running: RunningPeer,
  clickHouse: BenchClickHouse,
  setup: DrainSetup,
): Promise<Measured> {
  const trees = [
    new ProcessTree([clickHouse.pid]),
    new ProcessTree(running.pids()),
    new ProcessTree([setup.brokerPid]),
  ];
  const sample = () => Promise.all(trees.map((tree) => tree.sample()));
  const startedMs = performance.now();
  await sample();
  const before = trees.map((tree) => tree.cpuSeconds);
  const sampler = setInterval(() => void sample(), SAMPLE_MS);
  let waited: { drainP95Ms: number | undefined };
  let wallSeconds: number;
  try {
    waited = peer.writesTable
      ? await untilStored(running, clickHouse, setup, startedMs)
      : await running.ended.then(() => ({ drainP95Ms: undefined }));
    wallSeconds = (performance.now() - startedMs) / 1_000;
    await sample();
  } finally {
    clearInterval(sampler);
  }
  const [clickHouseCpuSeconds, peerCpuSeconds, brokerCpuSeconds] = trees.map(
    (tree, index) => tree.cpuSeconds - before[index]!,
  ) as [number, number, number];
  const rows = setup.topic.events;
  return {
    rows,
    wallSeconds,
    clickHouseCpuSeconds,
    peerCpuSeconds,
    brokerCpuSeconds,
    rowsPerCpuSecond: rows / (clickHouseCpuSeconds + peerCpuSeconds),
    rowsPerSecond: rows / wallSeconds,
    clickHouseRssMiB: trees[0]!.rssMiBMax,
    peerRssMiB: trees[1]!.rssMiBMax,
    drainP95Ms: waited.drainP95Ms,
  };
}

/** Asks for the row count, which ClickHouse has in its metadata, until all rows are there. */
async function untilStored(
  running: RunningPeer,
  { client }: BenchClickHouse,
  setup: DrainSetup,
  startedMs: number,
): Promise<{ drainP95Ms: number }> {
  const { events } = setup.topic;
  const failed = failureOf(running);
  failed.catch(() => {});
  let drainP95Ms: number | undefined;
  let stored = 0;
  let movedMs = performance.now();
  for (;;) {
    const query = `SELECT count() AS stored FROM ${setup.table.name}`;
    const [row] = await Promise.race([queryRows<{ stored: string }>(client, query), failed]);
    const count = Number(row!.stored);
    const nowMs = performance.now();
    if (count !== stored) movedMs = nowMs;
    stored = count;
    if (stored >= events * 0.95) drainP95Ms ??= nowMs - startedMs;
    if (stored >= events) return { drainP95Ms: drainP95Ms! };
    if (nowMs - movedMs > STALL_MS) {
      throw new MillraceError("E_INCOMPLETE", `${stored} of ${events} rows are stored, and none came for 60 s`);
    }
    await Promise.race([sleep(stored >= events * NEAR_END_SHARE ? POLL_NEAR_END_MS : POLL_MS), failed]);
  }
}
