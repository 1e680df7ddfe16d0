import { unlessAborted } from "../../core/within.ts";
import type { PipelineState } from "./pipeline-state.ts";
import { noteWriters } from "./writers.ts";

/** Notes once, at the first join that was not refused, that the group writes into the plans' tables: others have to know. */
export class WritersNote {
  #isNoted = false;

  /** Never rejects: what fails is tried again at the next call. */
  async make({ options: { plans, log }, client, mayStore, givenUp }: PipelineState): Promise<void> {
    if (this.#isNoted) return;
    this.#isNoted = true;
    try {
      await unlessAborted(mayStore, givenUp);
      await noteWriters(client, plans);
    } catch (error) {
      this.#isNoted = false;
      if (givenUp.aborted) return;
      log.warn({ err: error }, "cannot record who writes into the tables, retrying at the next rebalance");
    }
  }
}
