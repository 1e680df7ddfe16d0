/**
 * Does the cost per row stay the same when the topic grows? Drains 1, 2, 4 and 8 million events with Millrace, CPU
 * seconds per million rows and peak memory side by side (bench/README.md).
 */
import { formatTable } from "../../src/cli/print-table.ts";
import { profileFor } from "../../src/config/profiles.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { listPeers } from "../e2e/peers/list.ts";
import { median } from "../e2e/rounds.ts";
import { openSession } from "../e2e/session.ts";
import { factTable } from "../e2e/table.ts";
import { simulatorDocuments } from "../e2e/topic.ts";

const STEPS = [1, 2, 4, 8];
const COST_SPREAD_MAX = 0.1;
const RSS_BEYOND_BUDGET_MIB = 250;
const MIB = 1024 * 1024;

export interface GrowthOptions {
  /** Of the first step; the others have 2, 4 and 8 times as many. */
  events: number;
  rounds: number;
  peer: string;
}

export interface GrowthStep {
  events: number;
  /** Millrace's and ClickHouse's. */
  cpuSecondsPerMillion: number;
  peerCpuSecondsPerMillion: number;
  peerRssMiB: number;
  wallSeconds: number;
}

export interface GrowthResult {
  steps: GrowthStep[];
  /** How much the dearest step costs beyond the cheapest, 0.1 = 10 %. */
  costSpread: number;
  rssMiBMax: number;
  /** The profile's byte budget and what the runtime may take beside it. */
  rssMiBAllowed: number;
}

/** @throws MillraceError E_INCOMPLETE when not every event became one row. */
export async function measureGrowth(options: GrowthOptions, log: (line: string) => void): Promise<GrowthResult> {
  const peer = (await listPeers()).find(({ name }) => name === options.peer && name.startsWith("millrace-"));
  if (peer === undefined) throw new MillraceError("E_CONFIG", `--peer ${options.peer}: must be one of Millrace's`);
  const session = await openSession(log);
  const steps: GrowthStep[] = [];
  try {
    const partitions = 10;
    for (const factor of STEPS) {
      const events = options.events * factor;
      const wish = { topic: `growth-${factor}`, partitions, events };
      const topic = await session.fill(wish, simulatorDocuments(events, 1, "http"));
      const [summary] = await session.drain([peer], options.rounds, { topic, table: factTable });
      const millions = events / 1e6;
      steps.push({
        events,
        cpuSecondsPerMillion: median(
          summary!.runs.map((run) => (run.clickHouseCpuSeconds + run.peerCpuSeconds) / millions),
        )!,
        peerCpuSecondsPerMillion: summary!.peerCpuSeconds / millions,
        peerRssMiB: summary!.peerRssMiB,
        wallSeconds: summary!.wallSeconds,
      });
      await session.remove(topic);
    }
  } finally {
    await session.close();
  }
  const costs = steps.map(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion);
  return {
    steps,
    costSpread: Math.max(...costs) / Math.min(...costs) - 1,
    rssMiBMax: Math.max(...steps.map(({ peerRssMiB }) => peerRssMiB)),
    rssMiBAllowed: profileFor("high", 2).bytesMax / MIB + RSS_BEYOND_BUDGET_MIB,
  };
}

export function isFlat({ costSpread, rssMiBMax, rssMiBAllowed }: GrowthResult): boolean {
  return costSpread <= COST_SPREAD_MAX && rssMiBMax <= rssMiBAllowed;
}

export function printGrowth({ steps, costSpread, rssMiBMax, rssMiBAllowed }: GrowthResult): void {
  const rows = steps.map((step) => [
    String(step.events),
    step.cpuSecondsPerMillion.toFixed(3),
    step.peerCpuSecondsPerMillion.toFixed(3),
    step.wallSeconds.toFixed(2),
    String(step.peerRssMiB),
  ]);
  const header = ["events", "CPU s per million rows", "of these Millrace", "wall s", "RSS Millrace MiB"];
  console.log(formatTable(header, rows));
  const spread = `${(costSpread * 100).toFixed(1)} % between the cheapest and the dearest step`;
  console.log(`\n${spread} (allowed ${COST_SPREAD_MAX * 100} %), ${rssMiBMax} MiB at most (allowed ${rssMiBAllowed})`);
}
