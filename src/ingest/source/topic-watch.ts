import { NO_LEADER, type PartitionError } from "../../clients/kafka/partial-admin.ts";
import { pauseMs } from "../../core/backoff.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import type { GroupPlan } from "./group-plan.ts";

/** A topic, or a partition of it, that is not read at present. */
export interface Unread {
  topic: string;
  /** Undefined: the whole topic. */
  partition: number | undefined;
  reason: string;
}

/** The cluster's metadata, as far as it is about partitions. */
export interface TopicMetadata {
  topic: string;
  partitionMetadata: { partitionId: number; leader: number }[];
}

/** A partition whose fetch failed is left out of fetches for so long: answers with an error do not wait for records. */
const REST_MS = 500;
/** Without another error for so long it counts as mended. */
const MENDED_MS = 3_000;
/** Most errors pass while a leader is elected. One that lasts for so long is told. */
const TOLD_AFTER_MS = 3_000;
/** Between two joins that this member asks for. Doubles while joining does not help. */
const REJOIN_PAUSES = { firstMs: 2_000, maxMs: 60_000 };

interface Failing extends PartitionError {
  sinceMs: number;
  lastMs: number;
}

/**
 * What one member knows about the topics that it reads: which of them are there, which partitions have a leader, which
 * fail, and whether another join would give it more. Times are of a monotonic clock, in ms.
 */
export class TopicWatch {
  readonly #topics: readonly string[];
  readonly #failing = new Map<string, Failing>();
  #assigned: readonly TopicPartition[] = [];
  #leftOut: readonly TopicPartition[] = [];
  #plan: GroupPlan | undefined;
  #joinedMs = 0;
  #isAsked = false;
  /** Joins asked for one after the other, for which there was a reason again. */
  #vainRejoins = 0;
  #rejoinNotBeforeMs = 0;

  constructor(topics: readonly string[]) {
    this.#topics = topics;
  }

  /** The member has joined. `leftOut`: those of its partitions that it could not begin. */
  joined(
    assigned: readonly TopicPartition[],
    leftOut: readonly TopicPartition[],
    plan: GroupPlan | undefined,
    nowMs: number,
  ): void {
    this.#assigned = assigned;
    this.#leftOut = leftOut;
    this.#plan = plan;
    this.#joinedMs = nowMs;
    this.#isAsked = false;
    this.#failing.clear();
    this.#rejoinNotBeforeMs = nowMs + pauseMs(this.#vainRejoins + 1, REJOIN_PAUSES);
  }

  failed(errors: readonly PartitionError[], nowMs: number): void {
    for (const error of errors) {
      const key = partitionKey(error);
      const sinceMs = this.#failing.get(key)?.sinceMs ?? nowMs;
      this.#failing.set(key, { ...error, sinceMs, lastMs: nowMs });
    }
  }

  /** A join is needed whatever the metadata says: a partition was refused. */
  askToRejoin(): void {
    this.#isAsked = true;
  }

  isResting(at: TopicPartition, nowMs: number): boolean {
    const failing = this.#failing.get(partitionKey(at));
    return failing !== undefined && nowMs - failing.lastMs < REST_MS;
  }

  /** What is not read at present, and why; in the order of the topics. */
  unread(metadata: readonly TopicMetadata[], nowMs: number): Unread[] {
    for (const [key, { lastMs }] of this.#failing) if (nowMs - lastMs > MENDED_MS) this.#failing.delete(key);
    const byTopic = indexTopics(metadata);
    return this.#topics.flatMap((topic) => {
      const known = byTopic.get(topic);
      if (known === undefined) return [];
      if (known.size === 0) return [{ topic, partition: undefined, reason: "there is no such topic" }];
      const isForgotten = this.#plan !== undefined && this.#plan.partitionCounts[topic] === undefined;
      // Another join mends it, unless the leader is not allowed to see the topic.
      if (isForgotten && nowMs - this.#joinedMs >= TOLD_AFTER_MS) {
        return [{ topic, partition: undefined, reason: "the leader of the group does not see it" }];
      }
      return this.#assigned.flatMap((at) => (at.topic === topic ? this.#unreadPartition(at, known, nowMs) : []));
    });
  }

  #unreadPartition(at: TopicPartition, known: ReadonlyMap<number, number>, nowMs: number): Unread[] {
    if (known.get(at.partition) === NO_LEADER) return [{ ...at, reason: "it has no leader" }];
    const failing = this.#failing.get(partitionKey(at));
    if (failing === undefined || nowMs - failing.sinceMs < TOLD_AFTER_MS) return [];
    return [{ topic: at.topic, partition: at.partition, reason: failing.type }];
  }

  /** Why this member should join anew now; undefined: it need not, or has done so just now. */
  rejoinReason(metadata: readonly TopicMetadata[], nowMs: number): string | undefined {
    const reason = this.#reason(indexTopics(metadata));
    if (reason === undefined) {
      this.#vainRejoins = 0;
      return undefined;
    }
    if (nowMs < this.#rejoinNotBeforeMs) return undefined;
    this.#vainRejoins += 1;
    return reason;
  }

  #reason(byTopic: ReadonlyMap<string, ReadonlyMap<number, number>>): string | undefined {
    if (this.#isAsked) return "a partition was refused";
    for (const topic of this.#topics) {
      const count = byTopic.get(topic)?.size ?? 0;
      // Without a plan the leader is of another version: kafkajs' own comparison has to do.
      if (this.#plan !== undefined && count > (this.#plan.partitionCounts[topic] ?? 0)) {
        return `${topic} has ${count} partitions`;
      }
    }
    const gone = this.#assigned.find(({ topic, partition }) => byTopic.get(topic)?.has(partition) === false);
    if (gone !== undefined) return `${partitionKey(gone)} is not there any more`;
    const back = this.#leftOut.find(({ topic, partition }) => {
      const leader = byTopic.get(topic)?.get(partition);
      return leader !== undefined && leader !== NO_LEADER;
    });
    return back === undefined ? undefined : `${partitionKey(back)} can be begun`;
  }
}

/** By topic, by partition: the leader. */
function indexTopics(metadata: readonly TopicMetadata[]): Map<string, Map<number, number>> {
  return new Map(
    metadata.map(({ topic, partitionMetadata }) => [
      topic,
      new Map(partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader])),
    ]),
  );
}
