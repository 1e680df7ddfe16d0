import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { CaughtUp } from "./caught-up.ts";
import { type Brought, FetchPace } from "./fetch-pace.ts";

const some = { byteCount: 500, hasMore: false };
const much = { byteCount: 5 * 1024 * 1024, hasMore: false };
const nothing = { byteCount: 0, hasMore: false };

const TICK_MS = 200;

let pace: FetchPace;
let caughtUp: CaughtUp;
let told: number;

beforeEach(() => {
  vi.useFakeTimers();
  // To the beginning of a tick: where one begins in the middle, a broker's rest ends there, and it is waited for again.
  vi.advanceTimersByTime(TICK_MS - (Math.floor(systemClock.nowMs()) % TICK_MS));
  told = 0;
  pace = new FetchPace(TICK_MS);
  caughtUp = new CaughtUp(pace, systemClock, () => {
    told += 1;
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** As a fetch does it. */
function returned(nodeId: number, brought: Brought): void {
  const nowMs = systemClock.nowMs();
  pace.returned(nodeId, brought, nowMs);
  if (brought.byteCount === 0 || pace.nextMs(nodeId) > nowMs) caughtUp.look();
}

it("tells of what one broker brought at once, and of nothing never", () => {
  returned(1, nothing);
  expect(told).toBe(0);
  returned(1, some);
  expect(told).toBe(1);
  returned(1, nothing);
  expect(told).toBe(1);
});

it("tells of one large answer when nothing comes after it", () => {
  returned(1, much);
  expect(told).toBe(0);
  vi.advanceTimersByTime(100);
  returned(1, nothing);
  expect(told).toBe(1);
});

it("waits for the other broker, and no longer than it takes to answer", () => {
  returned(2, some);
  expect(told).toBe(1);
  vi.advanceTimersByTime(200);
  for (const nodeId of [1, 2]) pace.asked(nodeId, 100, systemClock.nowMs());
  vi.advanceTimersByTime(2);
  returned(1, some);
  vi.advanceTimersByTime(40);
  expect(told).toBe(1);
  vi.advanceTimersByTime(20);
  expect(told).toBe(2);
  expect(vi.getTimerCount()).toBe(0);
});

it("tells when a broker that brought much has nothing more, though the others rest since", () => {
  for (const nodeId of [1, 2]) pace.asked(nodeId, 100, systemClock.nowMs());
  returned(1, some);
  for (let i = 0; i < 20; i++) {
    vi.advanceTimersByTime(20);
    returned(2, much);
  }
  expect(told).toBe(0);
  vi.advanceTimersByTime(100);
  returned(2, nothing);
  vi.advanceTimersByTime(50);
  expect(told).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});
