import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PartitionLedger } from "./ledger.ts";

describe("PartitionLedger", () => {
  it("does not move past a range that is still in flight", () => {
    const ledger = new PartitionLedger();
    const first = ledger.open(100, 199);
    const second = ledger.open(200, 299);
    expect(ledger.markDurable(second)).toBe(false);
    expect(ledger.position).toBeUndefined();
    expect(ledger.markDurable(first)).toBe(true);
    expect(ledger.position).toBe(300);
    expect(ledger.openCount).toBe(0);
  });

  it("allows gaps and refuses an overlap", () => {
    const ledger = new PartitionLedger();
    ledger.open(0, 9);
    ledger.open(20, 29);
    expect(() => ledger.open(29, 30)).toThrow("Cannot open range 29–30: the next free offset is 30");
    expect(() => ledger.open(40, 39)).toThrow(RangeError);
  });

  it("refuses to open below a position that it has already passed", () => {
    const ledger = new PartitionLedger();
    ledger.markDurable(ledger.open(0, 9));
    expect(() => ledger.open(5, 12)).toThrow("the next free offset is 10");
  });

  it("never has an offset below its position that is not durable, in any order of completion", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 40 }), (order) => {
        const ledger = new PartitionLedger();
        const ranges = order.map((_, index) => ledger.open(index * 10, index * 10 + 9));
        const byOrder = order.map((key, index) => ({ key, index })).sort((a, b) => a.key - b.key || a.index - b.index);
        for (const { index } of byOrder) {
          ledger.markDurable(ranges[index]!);
          const firstOpen = ranges.findIndex((range) => !range.durable);
          const expected = firstOpen === -1 ? ranges.length * 10 : firstOpen * 10;
          if ((ledger.position ?? 0) !== expected) return false;
        }
        return true;
      }),
    );
  });
});
