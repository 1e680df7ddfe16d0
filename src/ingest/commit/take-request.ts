import type { Admission, Entry } from "./admission.ts";
import { COMMIT_BYTES_MAX, partitionBytes } from "./commit-size.ts";
import type { LedgerState } from "./ledger.ts";

export type Taken = Entry & LedgerState & { key: string };

/**
 * Takes from the dirty partitions as many as one request may carry; the others stay dirty for the next, and come first
 * there.
 *
 * Those first that have ranges in flight, plan by plan. A plan's fit into one request, but for what is inherited
 * (admission.ts), and go together, because a bundle must not come apart.
 */
export function takeRequest(
  dirty: Set<string>,
  entries: ReadonlyMap<string, Entry>,
  admission: Pick<Admission, "isActive">,
): Taken[] {
  const taken: Taken[] = [];
  let freeBytes = COMMIT_BYTES_MAX;
  /** Takes them in order while there is room; those that are gone from Kafka have nothing to say. */
  const take = (candidates: readonly Candidate[]) => {
    for (const { key, state, bytes } of candidates) {
      if (bytes > freeBytes && taken.length > 0) return;
      freeBytes -= bytes;
      if (state !== undefined) taken.push(state);
      dirty.delete(key);
    }
  };
  const candidates = [...dirty].map((key) => candidateOf(key, entries.get(key)));
  const active = candidates.filter(({ key }) => admission.isActive(key));
  for (const ofPlan of Map.groupBy(active, ({ state }) => state?.planKey).values()) {
    const bytes = ofPlan.reduce((sum, candidate) => sum + candidate.bytes, 0);
    if (bytes <= freeBytes || taken.length === 0) take(ofPlan);
  }
  take(candidates.filter(({ key }) => !admission.isActive(key)));
  return taken;
}

interface Candidate {
  key: string;
  state: Taken | undefined;
  bytes: number;
}

function candidateOf(key: string, entry: Entry | undefined): Candidate {
  if (entry === undefined) return { key, state: undefined, bytes: 0 };
  const state = { key, ...entry, ...entry.ledger.state() };
  return { key, state, bytes: partitionBytes(entry, state.metadata.length) };
}
