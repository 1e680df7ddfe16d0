import { performance } from "node:perf_hooks";

/**
 * The share of time in which this thread's event loop was not waiting for events, between two moments. Work of other
 * threads (workers, libuv's pool) is not in it.
 */
export class EventLoopMeter {
  #begin: ReturnType<typeof performance.eventLoopUtilization> | undefined;
  #utilisation: number | null = null;

  /** Starts measuring, at the first call only. */
  begin(): void {
    this.#begin ??= performance.eventLoopUtilization();
  }

  /** Takes the figure up to now; idle time after the last mark does not count. */
  mark(): void {
    if (this.#begin === undefined) return;
    const { idle, active, utilization } = performance.eventLoopUtilization(this.#begin);
    // Deno 2 has the function, and answers zeros.
    if (idle + active > 0) this.#utilisation = utilization;
  }

  /** 0 to 1; null before the first mark, and on a runtime that does not measure it. */
  get utilisation(): number | null {
    return this.#utilisation;
  }
}
