import type { OffsetRow } from "./journal.ts";

/** Kafka's `offset.metadata.max.bytes`; as there, it is compared with the length in UTF-16 units. */
export const OFFSET_METADATA_MAX = 4096;

export interface CommittedOffset {
  offset: number;
  leaderEpoch: number;
  metadata: string;
  committedAtMs: number;
}

/** The committed offsets of one group. They do not expire. */
export class GroupOffsets {
  readonly #topics = new Map<string, Map<number, CommittedOffset>>();

  set([topic, partition, offset, leaderEpoch, metadata, committedAtMs]: OffsetRow): void {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#topics.set(topic, partitions);
    }
    partitions.set(partition, { offset, leaderEpoch, metadata, committedAtMs });
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  forgetTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  /** Every topic with its partitions, for "all topics" of OffsetFetch. */
  all(): { name: string; partitions: number[] }[] {
    return [...this.#topics].map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] }));
  }

  rows(): OffsetRow[] {
    const rows: OffsetRow[] = [];
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, { offset, leaderEpoch, metadata, committedAtMs }] of partitions) {
        rows.push([topic, partition, offset, leaderEpoch, metadata, committedAtMs]);
      }
    }
    return rows;
  }
}
