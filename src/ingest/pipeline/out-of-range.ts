import type { OffsetRun } from "../../core/offset-run.ts";
import { tokenScopeOf } from "../../core/origin.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { SourceEvents } from "../source/consumer-source.ts";
import { beyondLogEnd } from "./assignment.ts";
import type { AssignmentParts } from "./assignment-parts.ts";
import { gapBatch } from "./gap-store.ts";
import { type PipelineState, planOf } from "./pipeline-state.ts";

type OutOfRange = SourceEvents["onOutOfRange"];

/** The group stands where the log has nothing: after its end, or in what retention has deleted. */
export function outOfRange(state: PipelineState, parts: AssignmentParts): OutOfRange {
  const { failure } = state;
  const { groupId } = state.options.source;
  return (at, offset, logStart, logEnd) => {
    if (offset > logEnd) {
      const plan = planOf(state, at.topic);
      parts.stoppedPlans.stop(plan, beyondLogEnd({ ...at, offset, logEnd, groupId, table: plan.table }));
      // Out of a callback of the Kafka client, which would try again.
      if (failure.first !== undefined) throw failure.first;
      return offset;
    }
    noteLost(state, parts, at, { first: offset, last: logStart - 1 });
    parts.intake.dispatcher.loseTo(at, logStart);
    return logStart;
  };
}

/** Retention has deleted the records, and nobody has read them. */
export function tellLost({ counters, options }: PipelineState, at: TopicPartition, { first, last }: OffsetRun): void {
  const lost = last - first + 1;
  counters.lostOffsets += lost;
  const { topic, partition } = at;
  options.log.error(
    { topic, partition, offset: first, logStart: last + 1, lost },
    "records lost: retention deleted them before they were read. Raise retention.ms, or find out why the lag grew",
  );
}

function noteLost(
  state: PipelineState,
  { intake: { flights }, sink, delivery }: Pick<AssignmentParts, "intake" | "sink" | "delivery">,
  at: TopicPartition,
  run: OffsetRun,
): void {
  tellLost(state, at, run);
  const { origin } = state;
  const { topic, partition } = at;
  const gap = { topic, partition, firstOffset: run.first, lastOffset: run.last, runs: [run] };
  const gaps = { ...origin, reason: "lost" as const, ranges: [gap], tokenScope: tokenScopeOf(origin) };
  const owner = state.epoch;
  if (owner === undefined) return;
  flights.add(
    sink.store(gapBatch(gaps), owner.lease([at])).then(
      () => {},
      (error) => delivery.ended(error, planOf(state, topic)),
    ),
  );
}
