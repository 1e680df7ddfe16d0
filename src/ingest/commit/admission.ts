import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { COMMIT_BYTES_MAX, partitionBytes } from "./commit-size.ts";
import { reservedBytes } from "./intents.ts";
import type { LedgerRange, PartitionLedger } from "./ledger.ts";

export interface Entry extends TopicPartition {
  ledger: PartitionLedger;
  /** The plan that its records are for: a bundle is of one. */
  planKey: string;
}

/** A range of a bundle, or the one that is inserted alone. */
export interface Member {
  at: TopicPartition;
  range: LedgerRange;
}

/**
 * A bundle that asked waits for room: because of these partitions, whose earlier ranges are not stored yet; with none, because
 * of all that a commit has to say of its plan. Undefined: it waits no more.
 */
export type OnWait = (behind: readonly TopicPartition[] | undefined) => void;

/**
 * Decides which ranges commits name from now on. The members of a bundle are admitted together or not at all.
 *
 * A bundle's members must not come apart: with one commit that shows a member passed and another that still lists one, a
 * crash in between leaves a bundle that nobody can put together again. So whatever there is to say about a plan's bundles
 * must fit into one request, at any later time: the texts of all its partitions that list something are counted together.
 * Each plan has a request's room to itself (take-request.ts): one whose table takes nothing fills its own.
 *
 * What an earlier owner, or several, have left may be more already; then nothing new of the plan is admitted before enough of
 * it is stored, and until then commits may come apart, because what is inherited leaves marks.
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
    const takenBytes = this.#takenBytes();
    for (let isChanged = true; isChanged; ) {
      isChanged = false;
      const full = new Set<string>();
      for (const members of this.#waiting.keys()) {
        if (!members.every((member) => this.#isNext(member))) continue;
        const bytes = members.reduce((sum, member) => sum + this.#addedBytes(member), 0);
        const { planKey } = this.#entries.get(partitionKey(members[0]!.at))!;
        const taken = takenBytes.get(planKey) ?? 0;
        // None of its plan overtakes a large bundle that waits for room in the request, or it might wait for ever.
        if (bytes > 0 && (full.has(planKey) || taken + bytes > COMMIT_BYTES_MAX)) full.add(planKey);
        else {
          takenBytes.set(planKey, taken + bytes);
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

  /** By plan. */
  #takenBytes(): Map<string, number> {
    const bytes = new Map<string, number>();
    for (const key of this.#active) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      const before = bytes.get(entry.planKey) ?? 0;
      bytes.set(entry.planKey, before + partitionBytes(entry, entry.ledger.reservedBytes));
    }
    return bytes;
  }
}
