import { expect, it } from "vitest";
import { sleepUntil, systemClock } from "./clock.ts";
import { flushTickOf, nextTickMs } from "./flush-tick.ts";

it("sleepUntil() does not wake up before the tick that it waits for", async () => {
  const tickMs = 7;
  const woke: number[] = [];
  for (let i = 0; i < 60; i++) {
    const untilMs = nextTickMs(systemClock.nowMs(), tickMs);
    await sleepUntil(systemClock, untilMs);
    woke.push(flushTickOf(systemClock.nowMs(), tickMs) - flushTickOf(untilMs, tickMs));
  }
  expect(woke.filter((ticksLate) => ticksLate < 0)).toEqual([]);
});

it("sleepUntil() returns at once when the time has come", async () => {
  const atMs = systemClock.nowMs();
  await sleepUntil(systemClock, atMs - 1_000);
  expect(systemClock.nowMs() - atMs).toBeLessThan(500);
});
