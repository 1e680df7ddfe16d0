import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import type { TopicPartition } from "../../../core/topic-partition.ts";
import type { Membership } from "../membership.ts";
import { type MemberSetup, type WatchedMember, watchMember } from "./watched-member.ts";

const UNTIL_MS = 30_000;

/** A group of watched members that read one topic. */
export interface WatchedGroup {
  readonly members: readonly WatchedMember[];
  startMember(): Promise<WatchedMember>;
  /** Two members of a group that stands still; the follower first. */
  pair(): Promise<[follower: WatchedMember, leader: WatchedMember]>;
  /** All members are in one generation, and each partition is with one of them. */
  isSettled(): boolean;
  joinAnew(member: WatchedMember): Promise<[before: Membership, after: Membership]>;
  /** What is committed of a partition: `offset metadata`. */
  committed(at: TopicPartition): Promise<string>;
  stop(): Promise<void>;
}

export async function until(what: string, isMet: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + UNTIL_MS;
  while (!(await isMet())) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
}

export const lastOf = ({ joins }: WatchedMember): Membership => joins.at(-1)!;

export const partitionsOf = ({ joins }: WatchedMember): number[] =>
  (joins.at(-1)?.partitions ?? []).map(({ partition }) => partition);

export function watchGroup(admin: Admin, partitions: number, setup: MemberSetup): WatchedGroup {
  const members: WatchedMember[] = [];
  const all = Array.from({ length: partitions }, (_, partition) => partition).join();

  async function startMember(): Promise<WatchedMember> {
    const made = watchMember(setup);
    members.push(made);
    await made.source.start();
    return made;
  }

  const isSettled = (): boolean => {
    const generations = new Set(members.map((member) => member.joins.at(-1)?.generation));
    return generations.size === 1 && members.flatMap(partitionsOf).sort().join() === all;
  };

  return {
    members,
    startMember,
    isSettled,
    async pair() {
      const [a, b] = [await startMember(), await startMember()];
      await until("both have their share", () => isSettled() && partitionsOf(a).length === partitions / 2);
      // The one that was there before is the leader.
      return [b, a];
    },
    async joinAnew(member) {
      const before = lastOf(member);
      member.tap.rejoin();
      await until("the member has joined anew", () => lastOf(member) !== before);
      await until("the group stands still", isSettled);
      return [before, lastOf(member)];
    },
    async committed({ topic, partition }) {
      const [answer] = await admin.fetchOffsets({ groupId: setup.groupId, topics: [topic] });
      const found = answer!.partitions.find((one) => one.partition === partition)!;
      return `${found.offset} ${found.metadata}`;
    },
    async stop() {
      await Promise.all(members.map(({ source }) => source.stop().catch(() => {})));
    },
  };
}
