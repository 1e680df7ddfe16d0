import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StaleOwner } from "../../core/stale-owner.ts";
import { unlessAborted } from "../../core/within.ts";
import type { Epoch } from "../commit/epoch.ts";
import { Flights } from "./flights.ts";
import { OpenRanges } from "./left-over.ts";
import type { PipelineState } from "./pipeline-state.ts";
import { type RecoveryParts, recover } from "./recovery.ts";
import type { Recovery } from "./recovery-plan.ts";
import { Settling } from "./settling.ts";

const SETTLE_MS = 300;
const ending = new AbortController();

const rangeOf = (partition: number) => ({ topic: "t", partition, firstOffset: 0, lastOffset: 9, judgedMs: 1 });
const repeatOf = (partition: number): Recovery => {
  const range = rangeOf(partition);
  return { kind: "repeat", ranges: [range], own: [range], bundleId: undefined };
};
const unknownOf = (partition: number): Recovery => ({
  ...{ kind: "unknown", own: [rangeOf(partition)], bundleId: `bundle-${partition}` },
});

describe("recover()", () => {
  /** Partitions in the order in which they were stored, `?` behind those that were asked for in the table. */
  let stored: string[];
  /** Partitions whose records do not come. */
  let away: Set<number>;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    stored = [];
    away = new Set();
  });
  afterEach(() => vi.useRealTimers());

  function begin(recoveries: Recovery[]) {
    const owner = {
      ended: ending.signal,
      check: () => ending.signal.throwIfAborted(),
      replays: ({ partition }: { partition: number }) => [rangeOf(partition)],
      acknowledge: () => {},
      withdraw: () => {},
    } as unknown as Epoch;
    const state = {
      openRanges: new OpenRanges(),
      settling: new Settling(),
      planByTopic: new Map([["t", { key: "plan" }]]),
      options: { log: pino({ level: "silent" }), fenceMs: SETTLE_MS, hooks: { insertMsMax: 0 } },
    } as unknown as PipelineState;
    const parts = {
      flights: new Flights(() => {}),
      isStopped: () => false,
      generation: 1,
      announced: {
        read: (signal: AbortSignal, _plan: string, ranges: { partition: number }[]) =>
          away.has(ranges[0]!.partition)
            ? unlessAborted(new Promise(() => {}), signal)
            : Promise.resolve({ partition: ranges[0]!.partition }),
      },
      delivery: {
        async repeat(_owner: Epoch, { isDoubtful }: { isDoubtful: boolean }, raw: { partition: number }) {
          stored.push(`${raw.partition}${isDoubtful ? "?" : ""}`);
        },
        ended: (error: unknown) => stored.push(error instanceof StaleOwner ? "over" : "failed"),
      },
    } as unknown as RecoveryParts;
    return recover(state, owner, recoveries, parts);
  }

  it("does not let the others wait for those of which nobody knows, however many they are", async () => {
    begin([unknownOf(0), unknownOf(1), unknownOf(2), repeatOf(3), repeatOf(4)]);
    await vi.advanceTimersByTimeAsync(1);
    expect(stored.sort()).toEqual(["3", "4"]);
    await vi.waitFor(() => expect(stored.slice(2).sort()).toEqual(["0?", "1?", "2?"]), 2_000);
  });

  it("goes on beside reads that do not end", async () => {
    away = new Set([0, 1]);
    begin([repeatOf(0), repeatOf(1), repeatOf(2), repeatOf(3)]);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(stored).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stored).toEqual(["2", "3"]);
  });

  it("begins nothing more when it is stopped", async () => {
    const stop = begin([repeatOf(0), repeatOf(1), repeatOf(2), repeatOf(3)]);
    stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stored.length).toBeLessThanOrEqual(2);
  });

  it("reads again what did not come, when its turn comes again", async () => {
    away = new Set([0, 1]);
    begin([repeatOf(0), repeatOf(1), repeatOf(2)]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(stored).toEqual(["2"]);
    away = new Set([1]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stored).toEqual(["2", "0"]);
    away = new Set();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(stored).toEqual(["2", "0", "1"]);
  });
});
