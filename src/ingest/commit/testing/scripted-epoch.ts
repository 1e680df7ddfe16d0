import { vi } from "vitest";
import { systemClock } from "../../../core/clock.ts";
import type { AssignedPartition, CommitOffset } from "../../../core/partition-offsets.ts";
import { compareTopicPartitions, partitionKey, type TopicPartition } from "../../../core/topic-partition.ts";
import type { Member } from "../admission.ts";
import { bundleIdOf } from "../bundle-id.ts";
import { Epoch } from "../epoch.ts";

interface Gate {
  accept(unknown?: TopicPartition[]): void;
  refuse(error: Error): void;
}

export const at = (partition: number): TopicPartition => ({ topic: "t", partition });

export function fresh(count: number): AssignedPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ ...at(partition), offset: 0, intents: [] }));
}

/** The id of a bundle of the first ten offsets of these partitions. */
export function idOf(...partitions: number[]): string {
  const members = partitions.map((partition) => ({ ...at(partition), firstOffset: 0, lastOffset: 9 }));
  return bundleIdOf(members, 7);
}

/** Lets pass what follows of itself. */
export const settle = () => vi.advanceTimersByTimeAsync(0);
/** Lets pass the time after which progress is committed, too. */
export const soon = () => vi.advanceTimersByTimeAsync(60);

/** A real epoch whose commits are answered by the test. On virtual time. */
export class ScriptedEpoch {
  readonly epoch: Epoch;
  readonly sent: CommitOffset[][] = [];
  readonly gates: Gate[] = [];
  readonly #nextOffsets = new Map<string, number>();
  readonly #cut: { firstOffset: number; judgedMs: number };

  constructor(partitions: AssignedPartition[], cut = { firstOffset: 0, judgedMs: 7 }) {
    this.#cut = cut;
    this.epoch = new Epoch({
      partitions,
      // A pipeline for each topic.
      planKeyOf: (topic) => topic,
      clock: systemClock,
      fenceMs: 10_000,
      clickHouseOffset: async () => ({ offsetMs: 0, measuredMs: 0 }),
      commit: (offsets) => {
        this.sent.push(offsets);
        return new Promise((resolve, refuse) =>
          this.gates.push({ accept: (unknown = []) => resolve(unknown), refuse }),
        );
      },
      onCommitError: () => {},
    });
  }

  /** Cuts ten offsets of each. */
  open(...partitions: number[]): Member[] {
    return this.openOf(...partitions.map(at));
  }

  openOf(...places: TopicPartition[]): Member[] {
    const members = places.map((place) => {
      const key = partitionKey(place);
      const firstOffset = this.#nextOffsets.get(key) ?? this.#cut.firstOffset;
      this.#nextOffsets.set(key, firstOffset + 10);
      return { ...place, firstOffset, lastOffset: firstOffset + 9 };
    });
    const ranges = this.epoch.open({ members, judgedMs: this.#cut.judgedMs });
    return ranges.map((range, index) => ({ at: places[index]!, range }));
  }

  /** The announcement's end: undefined while it waits. */
  announce(members: Member[]): { end: unknown } {
    const outcome: { end: unknown } = { end: undefined };
    this.epoch.announce(members).then(
      () => {
        outcome.end = "announced";
      },
      (error) => {
        outcome.end = error;
      },
    );
    return outcome;
  }

  /** What a commit says, in the order of the partitions. */
  said(commit = this.sent.at(-1)): [partition: number, offset: number, metadata: string][] {
    const inOrder = [...commit!].sort(compareTopicPartitions);
    return inOrder.map(({ partition, offset, metadata }) => [partition, offset, metadata]);
  }

  /** Accepts commits until there are no more. */
  async acceptAll(): Promise<void> {
    await soon();
    for (const gate of this.gates) {
      gate.accept();
      await soon();
    }
  }
}
