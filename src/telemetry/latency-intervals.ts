import { type AcknowledgedBundle, recordBundle } from "./recorder.ts";
import { StageTable } from "./stages.ts";

/** Latency since the last flush, by pipeline. */
export class LatencyIntervals {
  #tables = new Map<string, StageTable>();

  record(pipeline: string, bundle: AcknowledgedBundle): void {
    let table = this.#tables.get(pipeline);
    if (table === undefined) {
      table = new StageTable();
      this.#tables.set(pipeline, table);
    }
    recordBundle(table, bundle);
  }

  /** What was recorded, and begins anew. Pipelines that stored nothing are not in it. */
  take(): ReadonlyMap<string, StageTable> {
    const taken = this.#tables;
    this.#tables = new Map();
    return taken;
  }
}
