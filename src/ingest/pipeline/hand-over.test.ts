import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import type { Clock } from "../../core/clock.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import { Random } from "../../simulator/random.ts";
import { World } from "../../testing/delivery-simulation/world.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../dispatch/dispatcher.ts";
import type { RawBundle } from "../dispatch/raw-bundle.ts";
import { fetchFromNode } from "../source/fetch-from-node.ts";
import type { FetchedBatch } from "../source/fetched-batch.ts";
import type { ConsumerGroup, FetchAnswer } from "../source/kafkajs-methods.ts";
import type { Member } from "../source/member-state.ts";
import type { Membership } from "../source/membership.ts";
import { toRawBatch } from "../source/raw-batch-of.ts";
import { type AskedPartition, ReadLogs } from "./testing/read-logs.ts";

/**
 * Fetches of two brokers into one dispatcher, in virtual time, with kafkajs' own offsets, seeks and pauses. Leaders move
 * while both have a fetch under way, answers are lost, limits leave partitions out, memory is short, the budget pauses, the
 * group rebalances: the ranges that are cut follow each other, and each batch is in one of them, once.
 */

const require = createRequire(import.meta.url);
const OffsetManager = require("kafkajs/src/consumer/offsetManager/index.js");
const SeekOffsets = require("kafkajs/src/consumer/seekOffsets.js");
const SubscriptionState = require("kafkajs/src/consumer/subscriptionState.js");

const PARTITIONS = [0, 1, 2];
const FAULTS_UNTIL_MS = 4_000;
const NO_MEMORY = "Array buffer allocation failed";

class HandOvers {
  readonly world: World;
  readonly logs: ReadLogs;
  /** By partition: the ranges, and the number of records of each of their batches. */
  readonly ranges: [first: number, last: number][][] = PARTITIONS.map(() => []);
  readonly stored: number[][] = PARTITIONS.map(() => []);
  isOver = false;
  #isShort = false;
  readonly #random: Random;
  readonly #pool = new BufferPool(() => 1 << 20);
  readonly #budget: ByteBudget;
  readonly #dispatcher: Dispatcher;
  readonly #group: ConsumerGroup;
  readonly #member: Member;
  readonly #leaders: number[];
  readonly #seeks = new SeekOffsets();

  constructor(seed: number) {
    this.world = new World(seed);
    this.#random = new Random(seed);
    this.logs = new ReadLogs(this.#random, PARTITIONS.length);
    this.#leaders = PARTITIONS.map(() => this.#random.between(1, 2));
    const all = [{ topic: "t", partitions: PARTITIONS }];
    const subscription = new SubscriptionState();
    this.#budget = new ByteBudget({
      ...{ highBytes: 600, lowBytes: 200 },
      onPause: () => subscription.pause(all),
      onResume: () => subscription.resume(all),
    });
    this.#dispatcher = this.#makeDispatcher();
    this.#group = this.#makeGroup(subscription);
    const onFetchedBatch = (at: TopicPartition, batch: FetchedBatch, receivedMs: number, from: number) => {
      if (this.#member.current === undefined) throw new Error("a batch was handed over between two memberships");
      const wanted = this.#dispatcher.accept(toRawBatch(at, batch, receivedMs, from));
      if (wanted !== undefined) this.#seek(at.partition, wanted);
    };
    this.#member = { current: undefined, hooks: { onFetchedBatch } } as unknown as Member;
  }

  #after = (delayMs: number): Promise<void> => new Promise((resolve) => this.world.after(delayMs, resolve));

  #seek(partition: number, offset: number): void {
    this.#seeks.set("t", partition, String(offset));
  }

  #makeDispatcher(): Dispatcher {
    const take = this.#pool.take.bind(this.#pool);
    this.#pool.take = (byteLength) => {
      if (this.#isShort && this.#random.fraction() < 0.3) throw new RangeError(NO_MEMORY);
      return take(byteLength);
    };
    const { world } = this;
    const clock: Clock = {
      nowMs: () => 1_000_000 + world.nowMs,
      after(delayMs, callback) {
        let isCancelled = false;
        world.after(delayMs, () => isCancelled || callback());
        return () => {
          isCancelled = true;
        };
      },
    };
    return createDispatcher({
      limits: { rows: 40, bytes: 300, intervalMs: 50, members: 3 },
      ...{ budget: this.#budget, buffers: this.#pool, clock, wallMs: () => 0, planKeyOf: () => "p" },
      hasRoom: () => this.#random.fraction() < 0.7,
      onCut: (bundle) => this.#store(bundle),
    });
  }

  #store({ ranges, buffers, byteLength }: RawBundle): void {
    for (const { partition, firstOffset, lastOffset, batches } of ranges) {
      this.ranges[partition]!.push([firstOffset, lastOffset]);
      this.stored[partition]!.push(...batches.map(({ recordCount }) => recordCount));
    }
    for (const buffer of buffers) this.#pool.give(buffer);
    this.world.after(this.#random.between(1, 60), () => this.#budget.give(byteLength));
  }

  #makeGroup(subscriptionState: { assigned(): { topic: string; partitions: number[] }[] }): ConsumerGroup {
    const group = {
      ...{ minBytes: 1, maxBytes: 700, maxBytesPerPartition: 300, isolationLevel: 1, rackId: "" },
      ...{ subscriptionState, seekOffset: this.#seeks, assigned: () => subscriptionState.assigned() },
      offsetManager: undefined as { seek(entry: object): Promise<void> } | undefined,
      checkForStaleAssignment() {},
      // Now and then by metadata of before.
      filterPartitionsByNode: (nodeId: number, topics: { topic: string; partitions: number[] }[]) =>
        topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.filter((id) => this.#leaders[id] === nodeId || this.#random.fraction() < 0.15),
        })),
      cluster: {
        refreshMetadataIfNecessary: () => this.#after(this.#random.fraction() < 0.1 ? 30 : 0),
        findBroker: async () => ({ fetch: (request: object) => this.#answer(request as never) }),
      },
      async seekOffsets(topics: { topic: string; partitions: number[] }[]) {
        for (const { topic, partitions } of topics) {
          for (const partition of partitions) {
            const entry = group.seekOffset.pop(topic, partition);
            if (entry !== undefined) await group.offsetManager!.seek(entry);
          }
        }
      },
      async recoverFromFetch() {},
    };
    return group as unknown as ConsumerGroup;
  }

  async #answer({ topics, maxBytes }: { topics: { partitions: AskedPartition[] }[]; maxBytes: number }) {
    await this.#after(this.#random.between(1, 40));
    if (this.#random.fraction() < 0.05) throw new Error("the connection broke");
    const asked = this.#random.fraction() < 0.5 ? topics[0]!.partitions : topics[0]!.partitions.toReversed();
    return { responses: [{ topicName: "t", partitions: this.logs.read(asked, maxBytes) }] } satisfies FetchAnswer;
  }

  join(): void {
    const committed: Record<string, Record<number, string>> = {};
    const cluster = { committedOffsets: () => committed };
    const options = { cluster, memberAssignment: { t: PARTITIONS }, autoCommit: false, groupId: "g" };
    this.#group.subscriptionState.assign([{ topic: "t", partitions: PARTITIONS }]);
    this.#group.offsetManager = new OffsetManager(options);
    this.#group.seekOffset.clear();
    const offsets = this.ranges.map((ranges) => (ranges.at(-1)?.[1] ?? -1) + 1);
    this.#dispatcher.assign(PARTITIONS.map((partition) => ({ topic: "t", partition, offset: offsets[partition]! })));
    for (const partition of PARTITIONS) committed.t![partition] = String(offsets[partition]);
    this.#member.current = {} as Membership;
  }

  async fetchFrom(nodeId: number): Promise<void> {
    while (!this.isOver) {
      await this.#after(this.#random.between(1, 5));
      const { current } = this.#member;
      if (current === undefined) continue;
      await fetchFromNode(this.#group, this.#member, current, { nodeId, waitMs: 1 }).catch((error: Error) => {
        if (error.message !== NO_MEMORY) throw error;
      });
    }
  }

  breakSomething(): void {
    const { world } = this;
    world.after(this.#random.between(20, 120), () => {
      const kind = this.#random.between(1, 5);
      const partition = this.#random.between(0, PARTITIONS.length - 1);
      if (kind === 1 && this.#member.current !== undefined) {
        this.#member.current = undefined;
        this.#dispatcher.assign([]);
        world.after(this.#random.between(0, 40), () => this.join());
      } else if (kind === 2) this.#leaders[partition] = 3 - this.#leaders[partition]!;
      else if (kind === 3) this.#isShort = !this.#isShort;
      else if (kind === 4) this.#dispatcher.cutCaughtUp(20);
      else if (kind === 5) this.#seek(partition, this.#random.between(0, 100));
      if (world.nowMs < FAULTS_UNTIL_MS) this.breakSomething();
      else this.#isShort = false;
    });
  }

  get isStored(): boolean {
    return this.ranges.every((ranges, partition) => ranges.at(-1)?.[1] === this.logs.lastOffset(partition));
  }

  /** A fetch of nothing waits in real time. */
  async toEnd(): Promise<void> {
    for (let turn = 0; turn < 5_000 && !this.isStored; turn += 1) {
      await this.world.run(() => this.isStored, this.world.nowMs + 50);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.isOver = true;
  }
}

it("hands every batch over once, whatever happens, and gives all answers back", async () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const run = new HandOvers(seed);
    run.join();
    run.breakSomething();
    const fetching = Promise.all([run.fetchFrom(1), run.fetchFrom(2)]);
    fetching.catch(() => {
      run.isOver = true;
    });
    await Promise.race([run.toEnd(), fetching]);
    for (const [partition, ranges] of run.ranges.entries()) {
      const ends = ranges.map(([, last]) => last + 1);
      expect(
        ranges.map(([first]) => first),
        `seed ${seed}`,
      ).toEqual([0, ...ends.slice(0, -1)]);
      const counted = run.logs.batches[partition]!.filter(({ isAborted }) => !isAborted);
      expect(run.stored[partition], `seed ${seed}`).toEqual(counted.map(({ first, last }) => last - first + 1));
    }
    expect(run.logs.released, `seed ${seed}`).toBe(run.logs.made);
  }
}, 60_000);
