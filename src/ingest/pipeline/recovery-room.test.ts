import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { systemClock } from "../../core/clock.ts";
import { unlessAborted } from "../../core/within.ts";
import { Epoch } from "../commit/epoch.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import type { RangeReader } from "../source/range-reader.ts";
import { Flights } from "./flights.ts";
import { OpenRanges } from "./left-over.ts";
import type { PipelineState } from "./pipeline-state.ts";
import { readAnnounced } from "./read-announced.ts";
import { type RecoveryParts, recover } from "./recovery.ts";
import type { Recovery } from "./recovery-plan.ts";
import { Settling } from "./settling.ts";

const MIB = 2 ** 20;
/** What the profile low cuts, and where it pauses. */
const BUNDLE_BYTES = 8 * MIB;
const HIGH_BYTES = 38.4 * MIB;
const BUNDLES = 8;

const intentsOf = (topic: string) =>
  Array.from({ length: BUNDLES }, (_, index) => ({
    ...{ firstOffset: 10 * index, lastOffset: 10 * index + 9, judgedMs: 5 },
    bundle: { id: `${topic}${index}`.padEnd(16, "-"), count: 2 },
  }));

/** Bundles of an own partition 0 and of a partition 1 of somebody else. */
const recoveriesOf = (topic: string, kind: "repeat" | "stored"): Recovery[] =>
  intentsOf(topic).map((intent) => {
    const [own, foreign] = [0, 1].map((partition) => ({ topic, partition, ...intent }));
    const about = { own: [own!], bundleId: intent.bundle.id };
    return kind === "stored" ? { kind, ...about } : { kind, ranges: [own!, foreign!], ...about };
  });

describe("recover(), of pipelines a and z", () => {
  let epoch: Epoch;
  let budget: ByteBudget;
  let isPaused: boolean;
  let reads: number;
  const left = (topic: string) => epoch.replays({ topic, partition: 0 }).length;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    isPaused = false;
    reads = 0;
    const onPause = () => {
      isPaused = true;
    };
    budget = new ByteBudget({ highBytes: HIGH_BYTES, lowBytes: 0.75 * HIGH_BYTES, onPause, onResume: () => {} });
    epoch = new Epoch({
      partitions: ["a", "z"].map((topic) => ({ topic, partition: 0, offset: 0, intents: intentsOf(topic) })),
      planKeyOf: (topic) => topic,
      ...{ clock: systemClock, fenceMs: 100, clickHouseOffset: async () => ({ offsetMs: 0, measuredMs: 0 }) },
      ...{ commit: async () => [], onCommitError: () => {} },
    });
  });
  afterEach(() => {
    epoch.end("the test is over");
    vi.useRealTimers();
  });

  /** @param away topics of which the foreign partition does not answer */
  function begin(recoveries: Recovery[], away: string[], store: (topic: string) => Promise<void>) {
    const reader: RangeReader = {
      async read({ topic, partition, firstOffset, lastOffset }, signal) {
        reads += 1;
        if (partition === 1 && away.includes(topic)) return unlessAborted(new Promise(() => {}), signal);
        if (partition === 1) return { batches: [] };
        const batch = { topic, partition, fetchOffset: firstOffset, baseOffset: firstOffset, lastOffset };
        return { batches: [{ ...batch, recordCount: 10, receivedMs: 0, bytes: new Uint8Array(BUNDLE_BYTES) }] };
      },
      async close() {},
    };
    const state = {
      openRanges: new OpenRanges(),
      settling: new Settling(),
      planByTopic: new Map(["a", "z"].map((topic) => [topic, { key: topic }])),
      options: { log: pino({ level: "silent" }), fenceMs: 100, hooks: { insertMsMax: 100 } },
    } as unknown as PipelineState;
    const delivery: RecoveryParts["delivery"] = {
      async deliver() {},
      ended() {},
      async repeat(owner, { members }, { planKey, byteLength }) {
        await store(planKey);
        owner.acknowledge(members);
        budget.give(byteLength);
      },
    };
    const announced = readAnnounced(reader, budget, new BufferPool(() => 0));
    const readGroupCommits = async () => [];
    const parts = {
      flights: new Flights(() => {}),
      isStopped: () => false,
      generation: 1,
      sharedTables: { has: async () => false },
      readGroupCommits,
      announced,
      delivery,
    };
    return recover(state, epoch, recoveries, parts);
  }

  it("acknowledges at once what is known to be stored", () => {
    begin([...recoveriesOf("a", "repeat"), ...recoveriesOf("z", "stored")], ["a"], async () => {});
    expect(left("z")).toBe(0);
  });

  it("lets a table that takes nothing, or a broker that is away, keep its own pipeline waiting only", async () => {
    const takesNothing = (topic: string) => (topic === "a" ? new Promise<void>(() => {}) : Promise.resolve());
    begin([...recoveriesOf("a", "repeat"), ...recoveriesOf("z", "repeat")], [], takesNothing);
    await vi.advanceTimersByTimeAsync(1);
    expect([left("a"), left("z"), isPaused]).toEqual([BUNDLES, 0, false]);
  });

  it("does not hold the budget for bundles that wait for one partition", async () => {
    begin(recoveriesOf("a", "repeat"), ["a"], async () => {});
    await vi.advanceTimersByTimeAsync(600_000);
    expect(isPaused).toBe(false);
    expect(reads).toBeLessThan(2 * 100);
  });

  it("ends the reads of a pipeline that is stopped, and no other's", async () => {
    const stop = begin([...recoveriesOf("a", "repeat"), ...recoveriesOf("z", "repeat")], ["a", "z"], async () => {});
    await vi.advanceTimersByTimeAsync(1);
    expect(budget.usedBytes).toBe(4 * BUNDLE_BYTES);
    stop("a");
    await vi.advanceTimersByTimeAsync(1);
    expect(budget.usedBytes).toBe(2 * BUNDLE_BYTES);
    const before = reads;
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([budget.usedBytes, reads]).toEqual([0, before]);
  });
});
