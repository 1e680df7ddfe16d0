import type { LedgerState } from "./ledger.ts";

type Listed = LedgerState["announces"][number];

/** What the last acknowledged commit of each partition lists. */
export class ListedRanges {
  readonly #byKey = new Map<string, readonly Listed[]>();

  set(key: string, listed: readonly Listed[]): void {
    this.#byKey.set(key, listed);
  }

  /** Removes these partitions, and returns what others list of the same bundles. */
  remove(keys: readonly string[]): { key: string; range: Listed["range"] }[] {
    const bundleIds = new Set<string>();
    for (const key of keys) {
      for (const { bundle } of this.#byKey.get(key) ?? []) if (bundle !== undefined) bundleIds.add(bundle.id);
      this.#byKey.delete(key);
    }
    if (bundleIds.size === 0) return [];
    // Regrouped since, a range goes with another: of the bundle that it was listed with nothing was inserted.
    const isOfOne = ({ range, bundle }: Listed) =>
      bundle !== undefined && bundleIds.has(bundle.id) && range.bundle === bundle;
    return [...this.#byKey].flatMap(([key, listed]) => listed.filter(isOfOne).map(({ range }) => ({ key, range })));
  }
}
