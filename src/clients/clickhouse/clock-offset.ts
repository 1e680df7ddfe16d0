import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "./query-rows.ts";

/** ClickHouse's clock against one of this machine's. */
export interface ClockOffset {
  /** ClickHouse's clock minus this machine's, ms: positive when ClickHouse is ahead. */
  offsetMs: number;
  /** The true offset lies within `offsetMs ± uncertaintyMs`. */
  uncertaintyMs: number;
}

const SAMPLES = 5;
/** `now64(3)` and `Date.now()` cut off the fraction of a millisecond. */
const RESOLUTION_MS = 1;

/**
 * Asks ClickHouse for its time a few times, and believes the answer with the shortest round trip: the server read its
 * clock somewhere within it, so half of it bounds the error. The first request may have to open a connection; it is one
 * of the samples that lose.
 *
 * `nowMs`: the clock that ClickHouse's is compared with. Each sample reads it once: set between two readings, the wall clock
 * would be off by as much as it was set by.
 *
 * @throws what the client throws when the server cannot be asked.
 */
export async function measureClockOffset(
  client: ClickHouseClient,
  nowMs: () => number = Date.now,
): Promise<ClockOffset> {
  let best: ClockOffset | undefined;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const sentMs = nowMs();
    const sent = performance.now();
    const [row] = await queryRows<{ now: string | number }>(client, "SELECT toUnixTimestamp64Milli(now64(3)) AS now");
    // The monotonic clock: a step of the wall clock between the two readings would look like a long or negative trip.
    const roundTripMs = performance.now() - sent;
    const uncertaintyMs = roundTripMs / 2 + RESOLUTION_MS;
    if (best !== undefined && best.uncertaintyMs <= uncertaintyMs) continue;
    best = { offsetMs: Math.round(Number(row!.now) - (sentMs + roundTripMs / 2)), uncertaintyMs };
  }
  return { offsetMs: best!.offsetMs, uncertaintyMs: Math.ceil(best!.uncertaintyMs) };
}
