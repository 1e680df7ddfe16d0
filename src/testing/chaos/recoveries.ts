import { readFile } from "node:fs/promises";
import type { Recovery } from "../../ingest/pipeline/recovery-plan.ts";
import type { Fault } from "./faults.ts";
import { ingesterLog } from "./run-folder.ts";

/** What an ingester has logged at a join of something that an earlier owner had announced (src/ingest/pipeline/recovery.ts). */
export interface SeenRecovery {
  ingester: number;
  kind: Recovery["kind"];
  /** Undefined: a range alone. */
  bundle: string | undefined;
  /** How many of its ranges are this ingester's, of how many. */
  own: number;
  count: number;
}

export interface RecoveryTotals {
  /** Ranges that were announced alone. */
  alone: number;
  /** Bundles, by what had to be done; each counts once for each join of an owner of some of its ranges. */
  bundles: Record<Recovery["kind"], number>;
  /**
   * Those of them of which the owner had some ranges and not all. Of one of which nothing is known, nobody can tell whether
   * others have ranges, or whether these are gone with their topic.
   */
  split: Record<"repeat" | "stored", number>;
  /** How many bundles these are. */
  splitBundles: number;
}

/** Of all lives of the ingesters `1 … count`, from their logs. */
export async function readRecoveries(folder: string, count: number): Promise<SeenRecovery[]> {
  const ingesters = Array.from({ length: count }, (_, index) => index + 1);
  const logs = ingesters.map(async (ingester) => {
    // One that was never started has none.
    const text = await readFile(ingesterLog(folder, ingester), "utf8").catch(() => "");
    return recoveriesIn(text).map((recovery) => ({ ...recovery, ingester }));
  });
  return (await Promise.all(logs)).flat();
}

/** Lines that are none of the logger's, or were cut off by a kill, say nothing. */
export function recoveriesIn(log: string): Omit<SeenRecovery, "ingester">[] {
  return log.split("\n").flatMap((line) => {
    if (!line.includes('"recoveries":')) return [];
    try {
      return (JSON.parse(line) as { recoveries: Omit<SeenRecovery, "ingester">[] }).recoveries;
    } catch {
      return [];
    }
  });
}

export function sumRecoveries(seen: readonly Omit<SeenRecovery, "ingester">[]): RecoveryTotals {
  const totals: RecoveryTotals = {
    alone: 0,
    bundles: { repeat: 0, stored: 0, unknown: 0 },
    split: { repeat: 0, stored: 0 },
    splitBundles: 0,
  };
  const ids = new Set<string>();
  for (const { kind, bundle, own, count } of seen) {
    if (bundle === undefined) {
      totals.alone += 1;
      continue;
    }
    totals.bundles[kind] += 1;
    if (own === count || kind === "unknown") continue;
    totals.split[kind] += 1;
    ids.add(bundle);
  }
  totals.splitBundles = ids.size;
  return totals;
}

/** A fault that was to split bundles and split none has shown nothing. */
export function recoveryFindings({ splitBundles }: RecoveryTotals, faults: readonly Fault[]): string[] {
  const isMeant = faults.some(({ action }) => action.kind === "split-bundle");
  return isMeant && splitBundles === 0 ? ["no bundle in flight ever came to several owners: that was not shown"] : [];
}

export function describeRecoveries({ alone, bundles, split, splitBundles }: RecoveryTotals): string[] {
  const of = (counts: RecoveryTotals["split"]) => `${counts.repeat} repeated, ${counts.stored} known as stored`;
  return [
    `recoveries  ${alone} ranges alone; bundles: ${of(bundles)}, ${bundles.unknown} unknown`,
    splitBundles === 0
      ? "split       no bundle came to several owners: nothing is shown of that"
      : `split       ${splitBundles} bundles came to several owners, by owner: ${of(split)}`,
  ];
}
