import { MillraceError } from "../../src/core/errors.ts";
import { appendResults, resultFile } from "../common/result-file.ts";
import { dnsDocuments, dnsPeers, dnsTable, hasDnsFile } from "./dns.ts";
import type { BenchOptions } from "./options.ts";
import type { Peer } from "./peer.ts";
import { listPeers } from "./peers/list.ts";
import { peerTable, targetTable } from "./print.ts";
import type { PeerSummary } from "./rounds.ts";
import { type BenchSession, openSession } from "./session.ts";
import { factTable } from "./table.ts";
import { type JudgedTarget, judgeTargets } from "./targets.ts";
import { type FilledTopic, simulatorDocuments } from "./topic.ts";
import { serverVersions } from "./versions.ts";
import { addViews } from "./views.ts";

/** One table of results. */
export interface BenchTableResult {
  table: "fact" | "fact with views" | "dns";
  topic: FilledTopic;
  summaries: PeerSummary[];
}

type Log = (line: string) => void;

/** Runs everything that the options ask for. Returns the exit code. */
export async function runBench(options: BenchOptions, log: Log): Promise<number> {
  const { peers, absent } = await choosePeers(options, log);
  const session = await openSession(log);
  let results: BenchTableResult[];
  try {
    results = await measureTables(session, peers, options, log);
  } finally {
    await session.close();
  }
  const judged = judgeTargets(results[0]!.summaries);
  if (options.record) await record(options, results, judged);
  if (options.json) console.log(JSON.stringify({ results, targets: judged, absent }));
  else printAll(results, judged, absent);
  if (!options.check) return 0;
  // What was left out with --peers is the caller's wish; a peer that cannot run here leaves its target open.
  const isOpen = ({ outcome }: JudgedTarget) => outcome === "missed" || (outcome === "not measured" && !options.peers);
  return judged.some(isOpen) ? 1 : 0;
}

async function choosePeers(options: BenchOptions, log: Log): Promise<{ peers: Peer[]; absent: string[] }> {
  const known = await listPeers();
  const unknown = options.peers?.filter((name) => !known.some((peer) => peer.name === name)) ?? [];
  if (unknown.length > 0) {
    const names = known.map(({ name }) => name).join(", ");
    throw new MillraceError("E_CONFIG", `--peers ${unknown.join(",")}: must be among ${names}`);
  }
  const wanted = known.filter(({ name, onlyByName }) => options.peers?.includes(name) ?? onlyByName !== true);
  const peers: Peer[] = [];
  const absent: string[] = [];
  for (const peer of wanted) {
    const reason = await peer.unavailable?.();
    if (reason === undefined) peers.push(peer);
    else absent.push(`${peer.name} is left out: ${reason}`);
  }
  for (const line of absent) log(line);
  return { peers, absent };
}

async function measureTables(
  session: BenchSession,
  peers: Peer[],
  options: BenchOptions,
  log: Log,
): Promise<BenchTableResult[]> {
  const { events, partitions, rounds, seed, mode } = options;
  const topic = await session.fill({ topic: "fact", partitions, events }, simulatorDocuments(events, seed, mode));
  const results: BenchTableResult[] = [
    { table: "fact", topic, summaries: await session.drain(peers, rounds, { topic, table: factTable }) },
  ];
  if (options.views) {
    log("once more, with the views");
    const storing = peers.filter(({ writesTable }) => writesTable);
    const summaries = await session.drain(storing, rounds, { topic, table: factTable, prepare: addViews });
    results.push({ table: "fact with views", topic, summaries });
  }
  if (options.dns && !hasDnsFile()) log("the DNS logs are not there (../shared/data): left out");
  if (options.dns && hasDnsFile()) {
    const dns = await session.fill({ topic: "dns", partitions, events }, await dnsDocuments());
    const summaries = await session.drain(dnsPeers, rounds, { topic: dns, table: dnsTable });
    results.push({ table: "dns", topic: dns, summaries });
  }
  return results;
}

async function record(options: BenchOptions, results: BenchTableResult[], judged: JudgedTarget[]): Promise<void> {
  const { events, rounds, partitions, seed, mode } = options;
  const common = { events, rounds, partitions, seed, mode, ...(await serverVersions()) };
  const lines = results.flatMap(({ table, topic, summaries }) =>
    summaries.map((summary) => ({ bench: "e2e", table, documentBytes: topic.bytes, ...common, ...summary })),
  );
  const targets = judged.map((target) => ({ bench: "e2e-target", events, rounds, ...target }));
  await appendResults(resultFile("e2e"), [...lines, ...targets]);
}

function printAll(results: BenchTableResult[], judged: JudgedTarget[], absent: string[]): void {
  for (const { table, topic, summaries } of results) {
    const size = `${topic.events} records of ${Math.round(topic.bytes / topic.events)} bytes`;
    const sum = summaries.flatMap(({ runs }) => runs.map(({ checksum }) => checksum?.table)).find(Boolean);
    console.log(`\n${table}: ${size} in ${topic.partitions} partitions, all outputs equal (checksum ${sum})\n`);
    console.log(peerTable(summaries));
  }
  console.log(`\ntargets\n\n${targetTable(judged)}`);
  console.log("The kernel against JSON.parse is judged by npm run bench:micro.");
  for (const line of absent) console.log(line);
}
