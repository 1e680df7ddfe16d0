import { constants, PerformanceObserver } from "node:perf_hooks";

const kinds: Record<number, string> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: "young",
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "full",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weak callbacks",
};

/** Counts this thread's garbage collections, from its making on. A runtime that does not tell of them has none. */
export class GcMeter {
  readonly runs: Record<string, number> = {};
  readonly seconds: Record<string, number> = {};
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail, duration } = entry as typeof entry & { detail: { kind: number } };
      const kind = kinds[detail.kind] ?? "other";
      this.runs[kind] = (this.runs[kind] ?? 0) + 1;
      this.seconds[kind] = (this.seconds[kind] ?? 0) + duration / 1000;
    }
  });

  constructor() {
    // Deno has the class, and throws at the name of an entry that it does not know.
    const { supportedEntryTypes } = PerformanceObserver as unknown as { supportedEntryTypes: readonly string[] };
    if (supportedEntryTypes.includes("gc")) this.#observer.observe({ entryTypes: ["gc"] });
  }

  stop(): void {
    this.#observer.disconnect();
  }
}
