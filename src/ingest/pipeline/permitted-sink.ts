import { unlessAborted } from "../../core/within.ts";
import { createSink, type Sink } from "../sink/sink.ts";
import type { PipelineState } from "./pipeline-state.ts";
import { sinkEvents } from "./sink-events.ts";

/**
 * The sink, whose inserts wait until rows may be stored.
 *
 * @param onChange told when a table fails, and when it takes rows again.
 */
export function createPermittedSink(state: PipelineState, onChange: () => void): Sink {
  const { client, givenUp, mayStore, counters, clickHouseClock } = state;
  const { profile, allowsDuplicates, log } = state.options;
  const inserts = createSink(
    client,
    { insertsMax: profile.insertsMax, signal: givenUp, allowsDuplicates },
    sinkEvents(counters, clickHouseClock, log, onChange),
  );
  return {
    async store(...insert) {
      await unlessAborted(mayStore, givenUp);
      return inserts.store(...insert);
    },
    storedRuns: inserts.storedRuns,
    isStalled: inserts.isStalled,
    stalled: inserts.stalled,
  };
}
