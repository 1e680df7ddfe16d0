import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { COMMIT_BYTES_MAX, partitionBytes } from "./commit-size.ts";
import { reservedBytes } from "./intents.ts";
import type { LedgerRange, PartitionLedger } from "./ledger.ts";

export interface Entry extends TopicPartition {
  ledger: PartitionLedger;
}

/** A range of a bundle, or the one that is inserted alone. */
export interface Member {
  at: TopicPartition;
  range: LedgerRange;
}

/**
 * A bundle that asked waits for room: because of these partitions, whose earlier ranges are not stored yet; with none, because
 * of all that a commit has to say. Undefined: it waits no more.
 */
export type OnWait = (behind: readonly TopicPartition[] | undefined) => void;

/**
 * Decides which ranges commits name from now on. The members of a bundle are admitted together or not at all.
 *
 * A bundle's members must not come apart: with one commit that shows a member passed and another that still lists one, a
 * crash in between leaves a bundle that nobody can put together again. So whatever a commit has to say about bundles must
 * fit into one request, at any later time: the texts of all partitions that list something are counted together. What an
 * earlier owner, or several, have left may be more already; then nothing new is admitted before enough of it is stored,
 * and until then commits may come apart, because what is inherited leaves marks.
 */
export class Admission {
  readonly #entries: ReadonlyMap<string, Entry>;
  /** Those of which commits have something to say, until one that says there is nothing left is acknowledged. */
  readonly #active = new Set<string>();
  /** In the order in which they were asked for, which is the order of the cuts. */
  readonly #waiting = new Map<readonly Member[], OnWait>();
  /** Those of which it was told that they wait. */
  readonly #told = new Set<readonly Member[]>();

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  ask(members: readonly Member[], onWait: OnWait = () => {}): void {
    this.#waiting.set(members, onWait);
  }

  withdraw(members: readonly Member[]): void {
    const onWait = this.#waiting.get(members);
    this.#waiting.delete(members);
    if (this.#told.delete(members)) onWait?.(undefined);
  }

  isActive(key: string): boolean {
    return this.#active.has(key);
  }

  activate(key: string): void {
    this.#active.add(key);
  }

  settle(key: string): void {
    this.#active.delete(key);
  }

  /** Admits what there is room for, and returns the partitions that have something new to say. */
  admit(): Set<string> {
    const changed = new Set<string>();
    if (this.#waiting.size === 0) return changed;
    let freeBytes = COMMIT_BYTES_MAX - this.#takenBytes();
    for (let isChanged = true; isChanged; ) {
      isChanged = false;
      let isFull = false;
      for (const members of this.#waiting.keys()) {
        if (!members.every((member) => this.#isNext(member))) continue;
        const bytes = members.reduce((sum, member) => sum + this.#addedBytes(member), 0);
        // Nobody overtakes a large bundle that waits for room in the request, or it might wait for ever.
        if (bytes > 0 && (isFull || bytes > freeBytes)) isFull = true;
        else {
          freeBytes -= bytes;
          for (const key of this.#take(members)) changed.add(key);
          isChanged = true;
        }
      }
    }
    this.#tellWaiting();
    return changed;
  }

  #tellWaiting(): void {
    for (const [members, onWait] of this.#waiting) {
      if (this.#told.has(members)) continue;
      this.#told.add(members);
      onWait(members.filter((member) => !this.#isNext(member)).map(({ at }) => at));
    }
  }

  #isNext({ at, range }: Member): boolean {
    // Of one that is gone the caller is told when it looks.
    const entry = this.#entries.get(partitionKey(at));
    return entry !== undefined && (range.admitted || entry.ledger.admits(range));
  }

  #addedBytes({ at, range }: Member): number {
    if (range.admitted) return 0;
    const key = partitionKey(at);
    const entry = this.#entries.get(key)!;
    const before = this.#active.has(key) ? 0 : partitionBytes(at, entry.ledger.reservedBytes);
    return before + reservedBytes(range);
  }

  #take(members: readonly Member[]): string[] {
    this.withdraw(members);
    return members.map(({ at, range }) => {
      const key = partitionKey(at);
      if (!range.admitted) this.#entries.get(key)!.ledger.admit(range);
      this.#active.add(key);
      return key;
    });
  }

  #takenBytes(): number {
    let bytes = 0;
    for (const key of this.#active) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) bytes += partitionBytes(entry, entry.ledger.reservedBytes);
    }
    return bytes;
  }
}
