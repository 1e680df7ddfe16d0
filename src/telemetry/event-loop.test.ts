import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { EventLoopMeter } from "./event-loop.ts";

function work(durationMs: number): void {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}

describe("EventLoopMeter", () => {
  it("measures from begin() to the last mark(), and nothing before or after", async () => {
    const meter = new EventLoopMeter();
    await sleep(1);
    work(60);
    meter.mark();
    expect(meter.utilisation).toBeNull();
    meter.begin();
    await sleep(60);
    work(60);
    await sleep(1);
    meter.begin();
    meter.mark();
    const busy = meter.utilisation!;
    expect(busy).toBeGreaterThan(0.2);
    expect(busy).toBeLessThan(0.8);
    await sleep(50);
    expect(meter.utilisation).toBe(busy);
    meter.mark();
    expect(meter.utilisation).toBeLessThan(busy);
  });
});
