import { AssignerProtocol, type PartitionAssigner } from "kafkajs";
import { tellPartitionsApart } from "../../clients/kafka/partial-admin.ts";
import { systemClock } from "../../core/clock.ts";
import { subscriptionAssigner } from "./assigner.ts";
import { CaughtUp } from "./caught-up.ts";
import { ClockSteps } from "./clock-steps.ts";
import { FetchPace } from "./fetch-pace.ts";
import { decodeGroupPlan } from "./group-plan.ts";
import { begunTopics } from "./group-start.ts";
import type { Cluster } from "./kafkajs-methods.ts";
import { expireMetadata, type Member, members } from "./member-state.ts";
import type { MembershipHooks } from "./membership.ts";
import "./patch-fetch-request.ts";
import "./patch-group.ts";
import "./patch-out-of-range.ts";
import "./patch-leaders.ts";
import "./patch-topics.ts";

/**
 * The second seam in kafkajs (the first is raw-kafkajs.ts): what happens between two generations of the group.
 *
 * kafkajs 2.2.4 joins again without asking, commits under whatever generation is current, and hands on batches that were
 * fetched under an earlier one; having done so it goes on fetching after them, and everything between the committed
 * offset and there is skipped. At an offset out of range it jumps to the log's start or end and commits that. Six methods
 * are wrapped (patch-group.ts, patch-topics.ts, patch-out-of-range.ts) for consumers that ask for it by `createMember`; others in
 * the process are not touched. A seventh (patch-leaders.ts) gives the same as before, sooner.
 */

/** The membership of one consumer. */
export interface GroupMember {
  /** To be the consumer's only partition assigner. */
  assigner: PartitionAssigner;
  /**
   * Leaves the group, if kafkajs has not: it does not when the consumer failed in its first join, and the group would wait
   * for the session to time out. Call it between the consumer's stop and its disconnect.
   */
  leave(): Promise<void>;
}

/** An assigner is the only part of a consumer's configuration that is shown its cluster object: its group is known by it. */
export function createMember(hooks: MembershipHooks): GroupMember {
  const pace = new FetchPace(hooks.flushIntervalMs);
  const caughtUp = new CaughtUp(pace, systemClock, (answersWithinMs) => hooks.onCaughtUp(answersWithinMs));
  const member: Member = {
    ...{ hooks, group: undefined, current: undefined, joining: undefined, last: undefined, joinCount: 0 },
    ...{ watch: undefined, plan: undefined, seen: undefined, lookedMs: 0, told: "" },
    ...{ clockSteps: new ClockSteps(), pace, caughtUp },
  };
  return {
    assigner(config) {
      const { groupId } = config;
      const { cluster } = config as unknown as { cluster: Cluster };
      members.set(cluster, member);
      tellPartitionsApart(cluster, {
        onFetchErrors(errors) {
          member.watch?.failed(errors, performance.now());
          expireMetadata(cluster, 0);
        },
        onAssignment(memberAssignment) {
          member.plan = decodeGroupPlan(AssignerProtocol.MemberAssignment.decode(memberAssignment)?.userData);
        },
      });
      const begun = (counts: Readonly<Record<string, number>>) => begunTopics(cluster, groupId, counts);
      const begunOf = hooks.from === "latest" ? begun : undefined;
      return subscriptionAssigner({ joinCount: () => member.joinCount, begunTopics: begunOf })(config);
    },
    async leave() {
      await member.group?.leave();
    },
  };
}
