import { expect, it } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { type Clock, sleepUntil } from "../../core/clock.ts";
import { Random } from "../../simulator/random.ts";
import { World } from "../../testing/delivery-simulation/world.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../dispatch/dispatcher.ts";
import { CaughtUp } from "../source/caught-up.ts";
import { FetchPace } from "../source/fetch-pace.ts";

/**
 * How long the records of a light load wait between Kafka and the cut, in virtual time: the real pace and the real
 * dispatcher, between brokers that keep a fetch until something comes and timers that are early or late.
 */

const FETCH_WAIT_MS = 100;
const RECORD_BYTES = 100;
const SECONDS = 40;
const buffers = new BufferPool(() => 16 << 20);

/** The leader of one partition: the way there and back, and how many records a second come, one by one. */
interface Broker {
  roundTripMs: number;
  perSecond: number;
}

/** Its log: when each record was appended. */
class Log {
  readonly appendedMs: number[] = [];
  onAppend: (() => void) | undefined;

  append(nowMs: number): void {
    this.appendedMs.push(nowMs);
    this.onAppend?.();
  }

  /** Resolves when there is something behind `offset`, or with nothing in the end. */
  keep(clock: Clock, offset: number, waitMs: number): Promise<void> {
    if (this.appendedMs.length > offset) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(waitMs, resolve);
      this.onAppend = () => {
        this.onAppend = undefined;
        cancel();
        resolve();
      };
    });
  }
}

/** In the World's time; a timer comes up to `earlyMs` too early or `lateMs` too late. */
function clockOf(world: World, random: Random, { earlyMs, lateMs }: { earlyMs: number; lateMs: number }): Clock {
  const startMs = 1_000_000 + random.between(0, 10_000);
  return {
    nowMs: () => startMs + world.nowMs,
    after(delayMs, callback) {
      let isCancelled = false;
      const offMs = random.fraction() * (earlyMs + lateMs) - earlyMs;
      world.after(Math.max(0.1, delayMs + offMs), () => isCancelled || callback());
      return () => {
        isCancelled = true;
      };
    },
  };
}

class Run {
  readonly world: World;
  readonly waitedMs: number[] = [];
  bundles = 0;
  readonly #random: Random;
  readonly #brokers: readonly Broker[];
  readonly #logs: Log[];
  readonly #network: Clock;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;
  readonly #pace: FetchPace;
  readonly #caughtUp: CaughtUp;

  constructor(intervalMs: number, brokers: readonly Broker[], seed: number) {
    this.world = new World(seed);
    this.#random = new Random(seed);
    this.#brokers = brokers;
    this.#logs = brokers.map(() => new Log());
    this.#network = clockOf(this.world, new Random(seed), { earlyMs: 0, lateMs: 0 });
    // As Node's.
    this.#clock = { ...clockOf(this.world, this.#random, { earlyMs: 1.5, lateMs: 2.5 }), nowMs: this.#network.nowMs };
    this.#dispatcher = createDispatcher({
      limits: { rows: 1_000_000, bytes: 1 << 30, intervalMs, members: 1_000 },
      budget: new ByteBudget({ highBytes: 1 << 30, lowBytes: 1, onPause: () => {}, onResume: () => {} }),
      ...{ buffers, clock: this.#clock, wallMs: () => 0, planKeyOf: () => "p", hasRoom: () => true },
      onCut: ({ ranges, buffers: used }) => {
        this.bundles += 1;
        for (const { partition, firstOffset, lastOffset } of ranges) {
          const appendedMs = this.#logs[partition]!.appendedMs.slice(firstOffset, lastOffset + 1);
          this.waitedMs.push(...appendedMs.map((ms) => this.#clock.nowMs() - ms));
        }
        for (const buffer of used) buffers.give(buffer);
      },
    });
    this.#dispatcher.assign(brokers.map((_, partition) => ({ topic: "t", partition, offset: 0 })));
    this.#pace = new FetchPace(intervalMs);
    this.#caughtUp = new CaughtUp(this.#pace, this.#clock, (answersWithinMs) =>
      this.#dispatcher.cutCaughtUp(answersWithinMs),
    );
  }

  async toEnd(intervalMs: number): Promise<void> {
    const endMs = SECONDS * 1_000;
    for (const partition of this.#brokers.keys()) {
      void this.#fetchAll(partition);
      this.#produce(partition, endMs);
    }
    await this.world.run(() => false, endMs + 2 * intervalMs + 1_000);
    this.#dispatcher.stop();
    this.waitedMs.sort((a, b) => a - b);
    expect(this.waitedMs).toHaveLength(this.#logs.reduce((sum, { appendedMs }) => sum + appendedMs.length, 0));
  }

  #produce(partition: number, endMs: number): void {
    const pauseMs = (-Math.log(1 - this.#random.fraction()) * 1_000) / this.#brokers[partition]!.perSecond;
    this.world.after(pauseMs, () => {
      if (this.world.nowMs > endMs) return;
      this.#logs[partition]!.append(this.#network.nowMs());
      this.#produce(partition, endMs);
    });
  }

  /** As src/ingest/source/patch-group.ts has it. */
  async #fetchAll(partition: number): Promise<void> {
    for (let offset = 0; ; ) {
      await sleepUntil(this.#clock, this.#pace.nextMs(partition));
      const askedMs = this.#clock.nowMs();
      const waitMs = this.#pace.waitMs(partition, FETCH_WAIT_MS, askedMs);
      this.#pace.asked(partition, waitMs, askedMs);
      const endOffset = await this.#fetch(partition, offset, waitMs);
      if (endOffset > offset) this.#handOver(partition, offset, endOffset);
      const byteCount = (endOffset - offset) * RECORD_BYTES;
      offset = endOffset;
      const answeredMs = this.#clock.nowMs();
      this.#pace.returned(partition, { byteCount, hasMore: false }, answeredMs);
      if (byteCount === 0 || this.#pace.nextMs(partition) > answeredMs) this.#caughtUp.look();
    }
  }

  async #fetch(partition: number, offset: number, waitMs: number): Promise<number> {
    const wayMs = this.#brokers[partition]!.roundTripMs / 2;
    const log = this.#logs[partition]!;
    await new Promise<void>((resolve) => this.#network.after(wayMs, resolve));
    await log.keep(this.#network, offset, waitMs);
    const endOffset = log.appendedMs.length;
    await new Promise<void>((resolve) => this.#network.after(wayMs * (1 + this.#random.fraction() / 5), resolve));
    return endOffset;
  }

  #handOver(partition: number, offset: number, endOffset: number): void {
    const recordCount = endOffset - offset;
    const offsets = { fetchOffset: offset, baseOffset: offset, lastOffset: endOffset - 1 };
    const bytes = new Uint8Array(RECORD_BYTES);
    this.#dispatcher.accept({ topic: "t", partition, ...offsets, recordCount, bytes, receivedMs: 0 });
  }
}

const near: Broker[][] = [
  [{ roundTripMs: 2, perSecond: 3 }],
  [{ roundTripMs: 2, perSecond: 200 }],
  [
    { roundTripMs: 2, perSecond: 20 },
    { roundTripMs: 3, perSecond: 20 },
    { roundTripMs: 2, perSecond: 1 },
  ],
];
const far: Broker[][] = [
  [
    { roundTripMs: 80, perSecond: 50 },
    { roundTripMs: 70, perSecond: 50 },
    { roundTripMs: 60, perSecond: 5 },
  ],
  [
    { roundTripMs: 2, perSecond: 50 },
    { roundTripMs: 90, perSecond: 50 },
  ],
  [{ roundTripMs: 115, perSecond: 50 }],
];
/** Some records wait until a broker that has nothing has had the time to answer, or for the answers of the next tick. */
const LONGER_MS = 110;
/** Nearly all of those that come from far away, their way included. */
const FAR_LONGER_MS = 130;

it.each([24, 100, 240, 400, 500, 1_000, 7_000])(
  "with an interval of %i ms no record waits much longer, and there is one bundle an interval",
  async (intervalMs) => {
    for (const brokers of near) {
      const run = new Run(intervalMs, brokers, 7);
      await run.toEnd(intervalMs);
      expect(run.waitedMs.at(-1)! - intervalMs).toBeLessThan(LONGER_MS);
      expect(run.bundles).toBeLessThanOrEqual(run.world.nowMs / intervalMs + 1);
    }
  },
);

it.each([240, 500, 1_000])("with an interval of %i ms records from far away miss no cut", async (intervalMs) => {
  for (const brokers of far) {
    const run = new Run(intervalMs, brokers, 7);
    await run.toEnd(intervalMs);
    expect(run.waitedMs[Math.floor(run.waitedMs.length * 0.98)]! - intervalMs).toBeLessThan(FAR_LONGER_MS);
  }
});
