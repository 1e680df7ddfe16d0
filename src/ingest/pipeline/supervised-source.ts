import { systemClock } from "../../core/clock.ts";
import { createSource, type SourceEvents } from "../source/consumer-source.ts";
import type { AssignmentEvents } from "./assignment-events.ts";
import type { Intake } from "./intake.ts";
import type { PipelineState } from "./pipeline-state.ts";
import { SourceSupervisor } from "./source-supervisor.ts";

/** The consumer, from which batches go into the intake; another one in place of each that has ended. */
export function superviseSource(state: PipelineState, intake: Intake, assignment: AssignmentEvents): SourceSupervisor {
  const { counters, failure } = state;
  const { log, source: sourceOptions } = state.options;
  const { budget, buffers, dispatcher } = intake;
  const events: SourceEvents = {
    ...assignment,
    onBatch(batch) {
      if (!state.isAccepting) return;
      state.eventLoop.begin();
      state.fetchTimes.noteBatch(batch);
      const wantedOffset = dispatcher.accept(batch);
      if (wantedOffset === undefined) return;
      const at = { topic: batch.topic, partition: batch.partition, offset: batch.fetchOffset, wantedOffset };
      log.warn(at, "the client skipped records, fetching them again");
      supervisor.source.seek(batch, wantedOffset);
    },
    onFetched: () => state.fetchTimes.noteFetch(),
    onCaughtUp: (answersWithinMs) => dispatcher.cutCaughtUp(answersWithinMs),
    onCrash(error) {
      if (failure.failIfHopeless("read from", error)) return;
      log.error({ err: error }, "Kafka consumer stopped, starting it again");
      supervisor.restart();
    },
  };
  const supervisor = new SourceSupervisor({
    create() {
      state.fetchTimes.noteFetch();
      const source = createSource(sourceOptions, events, buffers);
      source.hold(intake.heldTopics);
      if (budget.paused) source.pause();
      return source;
    },
    onRestart() {
      counters.sourceRestarts += 1;
      state.epoch?.end("the consumer is started again");
      state.epoch = undefined;
      dispatcher.assign([]);
      state.stopRecovery();
    },
    failure,
    clock: systemClock,
    log,
  });
  return supervisor;
}
