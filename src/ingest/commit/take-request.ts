import type { Admission, Entry } from "./admission.ts";
import { COMMIT_BYTES_MAX, partitionBytes } from "./commit-size.ts";
import type { LedgerState } from "./ledger.ts";

export type Taken = Entry & LedgerState & { key: string };

/**
 * Takes from the dirty partitions as many as one request may carry, those first that have ranges in flight: of these all
 * fit, but for what is inherited (admission.ts). The others stay dirty for the next.
 */
export function takeRequest(
  dirty: Set<string>,
  entries: ReadonlyMap<string, Entry>,
  admission: Pick<Admission, "isActive">,
): Taken[] {
  const keys = [...dirty];
  const [active, quiet] = [true, false].map((isActive) => keys.filter((key) => admission.isActive(key) === isActive));
  const taken: Taken[] = [];
  let bytes = 0;
  for (const key of [...active!, ...quiet!]) {
    const entry = entries.get(key);
    const state = entry?.ledger.state();
    if (entry !== undefined && state !== undefined) {
      bytes += partitionBytes(entry, state.metadata.length);
      if (bytes > COMMIT_BYTES_MAX && taken.length > 0) break;
      taken.push({ key, ...entry, ...state });
    }
    dirty.delete(key);
  }
  return taken;
}
