import { pauseMs } from "../../core/backoff.ts";
import { sleepOn } from "../../core/clock.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { Admission, type Entry, type Member, type OnWait } from "./admission.ts";
import { MEMBERS_MAX } from "./commit-size.ts";
import type { CommitterOptions } from "./committer-options.ts";
import type { PartitionLedger } from "./ledger.ts";
import { ListedRanges } from "./listed-ranges.ts";
import { MembersGone } from "./members-gone.ts";
import { type Taken, takeRequest } from "./take-request.ts";

/** A position that moved waits so long for an intent to go with: one commit a flush instead of two. */
const PROGRESS_WAIT_MS = 50;
const RETRY = { firstMs: 50, maxMs: 2_000 };

interface Turn {
  resolve(): void;
  reject(reason: StaleOwner): void;
}

/**
 * Commits the state of all partitions of one assignment, with one request at a time: what changes meanwhile goes
 * with the next, so the number of requests adapts to the coordinator's speed instead of the number of inserts.
 *
 * A refused commit loses nothing: it is repeated, with what is true by then, until it succeeds or the assignment is over.
 *
 * What happens to a bundle happens to all its members before the next request is made up, and is said by that one.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #dirty = new Set<string>();
  readonly #listed = new ListedRanges();
  readonly #admission = new Admission(this.#entries);
  #running = false;
  #isSending = false;
  readonly #ending = new AbortController();
  #cancelProgress: (() => void) | undefined;
  #provenMs = Number.NEGATIVE_INFINITY;
  /** Those that wait for a commit which is sent after they came. */
  readonly #waiting: Turn[] = [];
  /** Those that look after each commit whether their ranges were in it. */
  readonly #announcing: Turn[] = [];

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  add({ topic, partition }: TopicPartition, ledger: PartitionLedger, planKey: string): void {
    const key = partitionKey({ topic, partition });
    this.#entries.set(key, { topic, partition, ledger, planKey });
    if (ledger.isListing) this.#admission.activate(key);
  }

  /**
   * Resolves when a commit that names all the ranges is acknowledged. They wait until there is room for each of them: the
   * positions have to move over earlier ones first.
   *
   * @throws StaleOwner
   * @throws MembersGone when some, not all, are in partitions that Kafka does not have any more
   */
  async announce(members: readonly Member[], onWait?: OnWait): Promise<void> {
    if (members.length > MEMBERS_MAX) throw new RangeError(`a bundle has at most ${MEMBERS_MAX} ranges`);
    this.#admission.ask(members, onWait);
    try {
      if (members.some(({ range }) => !range.announced)) this.#start();
      while (members.some(({ range }) => !range.announced)) {
        this.#checkMembers(members);
        await this.#turn(this.#announcing);
      }
    } finally {
      this.#admission.withdraw(members);
    }
  }

  #checkMembers(members: readonly Member[]): void {
    const gone = members.filter(({ at }) => !this.#isKnown(at));
    if (gone.length === 0) return;
    this.#checkAny(members.map(({ at }) => at));
    throw new MembersGone(gone.map(({ at }) => at));
  }

  /** Commits of these partitions have something new to say, all in the same request: sends it soon. */
  note(...partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.#dirty.add(partitionKey(at));
    if (this.#running || this.ended.aborted) return;
    this.#cancelProgress ??= this.#options.clock.after(PROGRESS_WAIT_MS, () => this.#start());
  }

  /**
   * Shows that this member still owns its partitions, by a commit of one of these that is sent now.
   *
   * @throws StaleOwner when Kafka has none of them any more
   */
  async prove(partitions: readonly TopicPartition[]): Promise<void> {
    for (;;) {
      const at = this.#checkAny(partitions);
      this.#dirty.add(partitionKey(at));
      await this.#nextCommit();
      if (this.#isKnown(at)) return;
    }
  }

  #isKnown(at: TopicPartition): boolean {
    return this.#entries.has(partitionKey(at));
  }

  #checkAny(partitions: readonly TopicPartition[]): TopicPartition {
    const known = partitions.find((at) => this.#isKnown(at));
    if (known !== undefined) return known;
    throw new StaleOwner(`${partitions.map(partitionKey).join(", ")}: not in Kafka any more`);
  }

  /** When the last acknowledged commit was sent, in the clock's ms: at that time the partitions were ours. */
  get provenMs(): number {
    return this.#provenMs;
  }

  /** Resolves when everything noted so far is committed. @throws StaleOwner */
  async flush(): Promise<void> {
    // Not "while it runs": it still does when it wakes those who wait, and would run on for them.
    while (this.#dirty.size > 0 || this.#isSending) await this.#nextCommit();
  }

  /** @throws StaleOwner when nothing is committed any more. */
  check(): void {
    this.#ending.signal.throwIfAborted();
  }

  /** Aborts, with a StaleOwner, when nothing is committed any more. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  /** The assignment is over: nothing is committed any more, and all who wait are told so. */
  end(reason: StaleOwner): void {
    if (this.ended.aborted) return;
    this.#ending.abort(reason);
    this.#cancelProgress?.();
    for (const { reject } of [...this.#waiting.splice(0), ...this.#announcing.splice(0)]) reject(reason);
  }

  #nextCommit(): Promise<void> {
    const turn = this.#turn(this.#waiting);
    this.#start();
    return turn;
  }

  #turn(list: Turn[]): Promise<void> {
    if (this.ended.aborted) return Promise.reject(this.ended.reason);
    return new Promise((resolve, reject) => list.push({ resolve, reject }));
  }

  #start(): void {
    this.#cancelProgress?.();
    this.#cancelProgress = undefined;
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    // What is announced in the same turn goes with the same request.
    this.#isSending = true;
    await Promise.resolve();
    let failures = 0;
    while (!this.ended.aborted) {
      for (const key of this.#admission.admit()) this.#dirty.add(key);
      this.#isSending = this.#dirty.size > 0;
      if (!this.#isSending && this.#waiting.length === 0) break;
      const waiting = this.#waiting.splice(0);
      if (await this.#commitDirty()) {
        failures = 0;
        for (const { resolve } of [...waiting, ...this.#announcing.splice(0)]) resolve();
        // They may add to what the next commit has to say.
        await Promise.resolve();
        continue;
      }
      this.#waiting.unshift(...waiting);
      if (this.ended.aborted) break;
      failures += 1;
      await sleepOn(this.#options.clock, pauseMs(failures, RETRY));
    }
    this.#running = false;
    if (this.ended.aborted) for (const { reject } of this.#waiting.splice(0)) reject(this.ended.reason);
  }

  /** Sends what is dirty. Returns whether the coordinator took it. */
  async #commitDirty(): Promise<boolean> {
    const states = takeRequest(this.#dirty, this.#entries, this.#admission);
    const offsets = states.map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }));
    const { clock, onCommit, onError } = this.#options;
    const sentMs = clock.nowMs();
    let unknown: readonly TopicPartition[] = [];
    try {
      if (offsets.length > 0) {
        for (const offset of offsets) onCommit?.("beforeCommit", offset);
        unknown = await this.#options.commit(offsets, () => this.check());
        this.#forget(unknown);
        for (const offset of offsets) onCommit?.("afterCommit", offset);
      }
    } catch (error) {
      for (const { key } of states) this.#dirty.add(key);
      // Of an epoch that has ended meanwhile there is nothing to tell.
      if (!this.ended.aborted) onError(error);
      if (error instanceof StaleOwner) this.end(error);
      return false;
    } finally {
      this.#isSending = false;
    }
    // Waking up after a rebalance, a zombie may find an answer from before it: only what was acknowledged counts. Of
    // partitions that it does not know a broker says so without a look at the generation.
    if (offsets.length > unknown.length) this.#provenMs = sentMs;
    for (const state of states) this.#learn(state);
    return true;
  }

  #learn({ key, ledger, announces }: Taken): void {
    if (!this.#entries.has(key)) return;
    this.#listed.set(key, announces);
    for (const { range, bundle } of announces) {
      // Regrouped meanwhile, it was announced as something else.
      if (range.bundle === bundle) range.announced = true;
    }
    if (announces.length === 0 && !ledger.isListing && !this.#dirty.has(key)) this.#admission.settle(key);
  }

  /**
   * One deleted topic must not keep the others waiting: its ranges end, theirs go on. But a coordinator may have lost sight of
   * it for a moment only: it will list its bundles again, as before, and only the others can say that they are stored.
   */
  #forget(unknown: readonly TopicPartition[]): void {
    const keys = unknown.map(partitionKey);
    for (const key of keys) {
      this.#entries.delete(key);
      this.#admission.settle(key);
    }
    for (const { key, range } of this.#listed.remove(keys)) {
      if (this.#entries.get(key)!.ledger.leaveMark(range)) this.#dirty.add(key);
    }
  }
}
