import { systemClock } from "../../core/clock.ts";
import { counted } from "../../core/counted.ts";
import { MillraceError } from "../../core/errors.ts";
import { tokenScopeOf } from "../../core/origin.ts";
import type { AssignedPartition } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { Epoch } from "../commit/epoch.ts";
import type { SourceEvents } from "../source/consumer-source.ts";
import type { Membership } from "../source/membership.ts";
import { fetchStarts, readAssigned, readGroup } from "./assignment.ts";
import type { AssignmentParts } from "./assignment-parts.ts";
import { drainEpoch } from "./drain-epoch.ts";
import { storeGap } from "./gap-store.ts";
import type { Intake } from "./intake.ts";
import { outOfRange } from "./out-of-range.ts";
import { type PipelineState, planOf } from "./pipeline-state.ts";
import { recover } from "./recovery.ts";
import { planRecovery } from "./recovery-plan.ts";
import { UnknownGroup } from "./unknown-group.ts";
import { UnreadTopics } from "./unread-topics.ts";
import { WritersNote } from "./writers-note.ts";

/**
 * Share of the session timeout that a drain before a rebalance may take. Meanwhile kafkajs sends no heartbeat, and the
 * whole group waits.
 */
const REBALANCE_DRAIN_SHARE = 1 / 3;

/** What a source tells of partitions, and not of their records. */
export type AssignmentEvents = Omit<SourceEvents, "onBatch" | "onFetched" | "onCaughtUp" | "onCrash">;

/**
 * The half that takes and gives up partitions: what happens before a join, at a partition that the group begins, after the
 * join, and where the log and the group do not fit together.
 */
export function createAssignmentEvents(state: PipelineState, parts: AssignmentParts): AssignmentEvents {
  const { options, counters } = state;
  const { dispatcher } = parts.intake;
  const unknownGroup = new UnknownGroup(state.client, options.log);
  const unreadTopics = new UnreadTopics(options.log);
  const writersNote = new WritersNote();
  return {
    async beforeJoin() {
      unknownGroup.forget();
      await endEpoch(state, parts.intake);
    },
    async onBegin(at, offset) {
      if (!options.allowsDuplicates) await refuseUnknownGroup(state, unknownGroup, at, offset);
      if (options.source.from === "earliest" || offset === 0) return;
      await noteSkipped(state, at, offset);
    },
    isNewTopic: (topic) => unreadTopics.wasAbsent(topic),
    onUnread(unread) {
      unreadTopics.set(unread);
      counters.unread = unread.length;
    },
    onJoined({ generation, partitions, groupCommits, readGroupCommits, commit }) {
      if (!state.isAccepting) return undefined;
      counters.rebalances += 1;
      state.fetchTimes.noteFetch();
      const group = readGroup(groupCommits, partitions);
      const assigned = readAssigned(partitions, group, options.unreadableIntents, options.log, state.failure);
      const epoch = newEpoch(state, assigned, commit);
      state.epoch = epoch;
      state.openRanges.begin();
      void writersNote.make(state);
      parts.sharedTables.doubt();
      const starts = fetchStarts(assigned);
      const isStopped = (topic: string) => parts.stoppedPlans.isStopped(planOf(state, topic));
      dispatcher.assign(
        assigned
          .filter(({ topic }) => !isStopped(topic))
          .map((at) => ({ ...at, offset: starts.get(partitionKey(at)) ?? at.offset })),
      );
      const recoveries = planRecovery(assigned, group, (topic) => state.planByTopic.get(topic)?.key);
      const replayed = recoveries.reduce((count, { own }) => count + own.length, 0);
      counters.replayedRanges += replayed;
      options.log.info(
        `${counted(assigned.length, "partition")} assigned, ${counted(replayed, "range")} in flight to be repeated`,
      );
      options.log.debug({ partitions: assigned }, "assigned");
      const { delivery, announced, sharedTables } = parts;
      state.stopRecovery = recover(state, epoch, recoveries, {
        flights: parts.intake.flights,
        delivery,
        announced,
        sharedTables,
        readGroupCommits,
        isStopped,
        generation,
      });
      return starts;
    },
    onOutOfRange: outOfRange(state, parts),
  };
}

function newEpoch(state: PipelineState, partitions: AssignedPartition[], commit: Membership["commit"]): Epoch {
  const { counters, failure, openRanges, clickHouseClock } = state;
  const { fenceMs, hooks, log } = state.options;
  return new Epoch({
    ...{ partitions, fenceMs },
    planKeyOf: (topic) => planOf(state, topic).key,
    async commit(offsets, check) {
      const unknown = await commit(offsets, check);
      for (const at of unknown) openRanges.forget(at);
      return unknown;
    },
    clock: systemClock,
    clickHouseOffset: () => clickHouseClock.offset(),
    onCommitError(error) {
      if (error instanceof StaleOwner) log.info(`${error.message}: rejoining the group; what is under way is repeated`);
      else if (!failure.failIfHopeless("commit to", error)) {
        counters.commitErrors += 1;
        log.warn({ err: error }, "offset commit failed, retrying");
      }
    },
    onCommit(when, at) {
      hooks?.onStep?.(when);
      if (when === "afterCommit") openRanges.committed(at);
    },
  });
}

/** Lets what is under way finish, as long as the group can wait, and ends the epoch. */
async function endEpoch(state: PipelineState, { dispatcher, flights }: Intake): Promise<void> {
  const ending = state.epoch;
  if (ending === undefined) return;
  dispatcher.assign([]);
  state.stopRecovery();
  const drainMs = state.options.source.sessionTimeoutMs * REBALANCE_DRAIN_SHARE;
  await drainEpoch(ending, flights, systemClock, drainMs);
  if (state.epoch === ending) state.epoch = undefined;
}

async function refuseUnknownGroup(
  state: PipelineState,
  unknownGroup: UnknownGroup,
  at: TopicPartition,
  offset: number,
): Promise<void> {
  try {
    await unknownGroup.check(planOf(state, at.topic), at, offset);
  } catch (error) {
    if (error instanceof MillraceError) state.failure.raise(error);
    throw error;
  }
}

/** The group begins at `offset`, because it was asked to: what lies before is a known gap. */
async function noteSkipped(state: PipelineState, at: TopicPartition, offset: number): Promise<void> {
  const { client, mayStore, origin } = state;
  const gap = { ...origin, ...at, reason: "skipped" as const, runs: [{ first: 0, last: offset - 1 }] };
  await mayStore;
  await storeGap(client, gap, `${tokenScopeOf(origin)}:${partitionKey(at)}:begin-${offset}`);
}
