import { type DrainResult, type DrainSetup, drainOnce } from "./drain.ts";
import type { Peer } from "./peer.ts";

/** The medians of a peer's runs, with the runs. */
export interface PeerSummary {
  peer: string;
  title: string;
  rowsPerCpuSecond: number;
  rowsPerSecond: number;
  wallSeconds: number;
  clickHouseCpuSeconds: number;
  peerCpuSeconds: number;
  brokerCpuSeconds: number;
  clickHouseRssMiB: number;
  peerRssMiB: number;
  drainP95Ms: number | undefined;
  insertP95Ms: number | undefined;
  e2eP95Ms: number | undefined;
  eventLoopUtilisation: number | undefined;
  runs: DrainResult[];
}

/** Runs A B C … A B C …, so that what changes on the machine meanwhile meets all peers alike. */
export async function drainInRounds(peers: readonly Peer[], rounds: number, setup: DrainSetup): Promise<PeerSummary[]> {
  const runs = new Map<string, DrainResult[]>(peers.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const peer of peers) {
      const result = await drainOnce(peer, setup);
      runs.get(peer.name)!.push(result);
      const { rowsPerCpuSecond, wallSeconds } = result;
      const figures = `${Math.round(rowsPerCpuSecond)} rows per CPU second, ${wallSeconds.toFixed(2)} s`;
      setup.log(`round ${round} of ${rounds}: ${peer.name}: ${figures}`);
    }
  }
  return peers.map(({ name, title }) => summarise(name, title, runs.get(name)!));
}

function summarise(peer: string, title: string, runs: DrainResult[]): PeerSummary {
  const of = (read: (run: DrainResult) => number) => median(runs.map(read))!;
  const ofKnown = (read: (run: DrainResult) => number | undefined) =>
    median(runs.map(read).filter((value) => value !== undefined));
  return {
    peer,
    title,
    rowsPerCpuSecond: of((run) => run.rowsPerCpuSecond),
    rowsPerSecond: of((run) => run.rowsPerSecond),
    wallSeconds: of((run) => run.wallSeconds),
    clickHouseCpuSeconds: of((run) => run.clickHouseCpuSeconds),
    peerCpuSeconds: of((run) => run.peerCpuSeconds),
    brokerCpuSeconds: of((run) => run.brokerCpuSeconds),
    clickHouseRssMiB: of((run) => run.clickHouseRssMiB),
    peerRssMiB: of((run) => run.peerRssMiB),
    drainP95Ms: ofKnown((run) => run.drainP95Ms),
    insertP95Ms: ofKnown((run) => run.insertP95Ms),
    e2eP95Ms: ofKnown((run) => run.e2eP95Ms),
    eventLoopUtilisation: ofKnown((run) => run.eventLoopUtilisation),
    runs,
  };
}

/** Undefined for no values; the mean of the middle two for an even number. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
