import type { CaughtUp } from "./caught-up.ts";
import type { ClockSteps } from "./clock-steps.ts";
import type { FetchPace } from "./fetch-pace.ts";
import type { GroupPlan } from "./group-plan.ts";
import type { Cluster, ConsumerGroup } from "./kafkajs-methods.ts";
import type { Membership, MembershipHooks } from "./membership.ts";
import type { TopicWatch } from "./topic-watch.ts";

/** What is known of one consumer beside what kafkajs knows of it. */
export interface Member {
  hooks: MembershipHooks;
  /** Known from the first join on. */
  group: ConsumerGroup | undefined;
  /** Whose `onJoined` has returned, and of which nothing has said that it is over. */
  current: Membership | undefined;
  joining: Promise<void> | undefined;
  /** What the coordinator knows the last epoch by. */
  last: { generation: number; memberId: string } | undefined;
  /** Counts the joins: what is told of one differs from what was told of the one before. */
  joinCount: number;
  /** Made at the first join, when the topics are known. */
  watch: TopicWatch | undefined;
  /** What the leader said with the last assignment. */
  plan: GroupPlan | undefined;
  /** The metadata that was looked at last, when, and what was told then; "" before the first time. */
  seen: object | undefined;
  lookedMs: number;
  told: string;
  clockSteps: ClockSteps;
  pace: FetchPace;
  caughtUp: CaughtUp;
}

/** Of the consumers that ask for it; kafkajs' methods are its own for all others. */
export const members = new WeakMap<Cluster, Member>();

/** The next fetch asks for the metadata anew, if it begins later than this. */
export function expireMetadata({ brokerPool }: Cluster, afterMs: number): void {
  brokerPool.metadataExpireAt = Math.min(brokerPool.metadataExpireAt ?? 0, Date.now() + afterMs);
}
