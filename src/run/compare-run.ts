import { type PartitionOffsets, readOffsets, totalLag } from "../clients/kafka/offsets.ts";
import { counted } from "../core/counted.ts";
import { partitionKey } from "../core/topic-partition.ts";
import { type Account, type Accounting, account, type PartitionSection } from "../operate/reconcile/accounting.ts";
import type { Run } from "./run.ts";

export interface Comparison {
  backlog: number;
  ofRun: Account;
  totals: Accounting | undefined;
}

/** Asks Kafka and ClickHouse how the run's offsets have ended. */
export async function compareRun(run: Run): Promise<Comparison> {
  const { client, pipeline, admin, origin } = run;
  // The table of one that is stopped may be gone.
  const stopped = new Set(pipeline.stopped().map((each) => each.pipeline));
  const plans = run.plans.filter((plan) => !stopped.has(plan.pipeline));
  const now = await readOffsets(admin, origin.group, run.topics);
  const ofRun = await account(client, plans, rangesOfRun(run, now), { origin });
  const everything = now.map((offsets) => ({ ...offsets, first: offsets.logStart, end: endOf(offsets) }));
  return { backlog: totalLag(now), ofRun, totals: (await account(client, plans, everything, { origin })).balance };
}

/**
 * How many offsets are missing that the group had committed before this run; one sentence, if any. The table may be
 * another one than the group has written into so far: what it has read once it does not read again.
 */
export function missingBefore({ ofRun, totals }: Comparison, group: string): string | undefined {
  const missing = (totals?.missing ?? 0) - (ofRun.balance?.missing ?? 0);
  if (missing <= 0) return undefined;
  return (
    `${counted(missing, "record")} of before this run missing in the tables: the group ${group} has committed their ` +
    "offsets and does not read them again. `millrace reconcile` shows which. If tables or MILLRACE_DATABASE are others " +
    "than they were, give them a --group of their own"
  );
}

/** Up to here rows must be there: what lies after it was left for the next run. */
function endOf({ logStart, committed }: PartitionOffsets): number {
  return Math.max(logStart, committed ?? logStart);
}

/**
 * The offsets that this run had to store: from where the group stood at its start to where it stands now. When the run
 * waited for the end, at least to what the broker acknowledged to the simulator: a broker that lost it would show here.
 */
function rangesOfRun(run: Run, now: PartitionOffsets[]): PartitionSection[] {
  const begin = new Map(run.begin.map((offsets) => [partitionKey(offsets), endOf(offsets)]));
  const acknowledged = new Map(
    (run.options.durationMs === undefined ? [] : (run.simulator?.report()?.partitions ?? [])).map(
      ({ topic, partition, lastOffset }) => [partitionKey({ topic, partition }), lastOffset + 1],
    ),
  );
  const waitedForEnd = totalLag(now) === 0;
  return now.map((offsets) => {
    const key = partitionKey(offsets);
    const end = waitedForEnd ? Math.max(endOf(offsets), acknowledged.get(key) ?? 0) : endOf(offsets);
    return { topic: offsets.topic, partition: offsets.partition, first: begin.get(key) ?? offsets.logStart, end };
  });
}
