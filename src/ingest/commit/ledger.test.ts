import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeIntents } from "./intents.ts";
import { PartitionLedger } from "./ledger.ts";

const JUDGED_MS = 1_767_225_600_000;

describe("PartitionLedger", () => {
  it("does not move past a range that is still in flight", () => {
    const ledger = new PartitionLedger(0);
    const first = ledger.open(100, 199, JUDGED_MS);
    const second = ledger.open(200, 299, JUDGED_MS);
    expect(ledger.markDurable(second)).toBe(false);
    expect(ledger.state().offset).toBe(0);
    expect(ledger.markDurable(first)).toBe(true);
    expect(ledger.state().offset).toBe(300);
    expect(ledger.state().announces).toEqual([]);
  });

  it("allows gaps and refuses an overlap", () => {
    const ledger = new PartitionLedger(0);
    ledger.open(0, 9, JUDGED_MS);
    ledger.open(20, 29, JUDGED_MS);
    expect(() => ledger.open(29, 30, JUDGED_MS)).toThrow("Cannot open range 29–30: the next free offset is 30");
    expect(() => ledger.open(40, 39, JUDGED_MS)).toThrow(RangeError);
  });

  it("refuses to open below a position that it has already passed", () => {
    const ledger = new PartitionLedger(0);
    ledger.markDurable(ledger.open(0, 9, JUDGED_MS));
    expect(() => ledger.open(5, 12, JUDGED_MS)).toThrow("the next free offset is 10");
  });

  it("never has an offset below its position that is not durable, in any order of completion", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 40 }), (order) => {
        const ledger = new PartitionLedger(0);
        const ranges = order.map((_, index) => ledger.open(index * 10, index * 10 + 9, JUDGED_MS));
        const byOrder = order.map((key, index) => ({ key, index })).sort((a, b) => a.key - b.key || a.index - b.index);
        for (const { index } of byOrder) {
          ledger.markDurable(ranges[index]!);
          const firstOpen = ranges.findIndex((range) => !range.durable);
          const expected = firstOpen === -1 ? ranges.length * 10 : firstOpen * 10;
          if (ledger.state().offset !== expected) return false;
        }
        return true;
      }),
    );
  });

  it("says in its commit what is in flight, stored ranges after an open one too", () => {
    const ledger = new PartitionLedger(100);
    ledger.open(100, 199, JUDGED_MS);
    ledger.markDurable(ledger.open(200, 299, JUDGED_MS + 5));
    const { offset, metadata, announces } = ledger.state();
    expect(offset).toBe(100);
    expect(decodeIntents(metadata)).toEqual([
      { firstOffset: 100, lastOffset: 199, judgedMs: JUDGED_MS },
      { firstOffset: 200, lastOffset: 299, judgedMs: JUDGED_MS + 5 },
    ]);
    expect(announces).toHaveLength(2);
  });

  it("opens the ranges of the owner before it with their bounds, and no others first", () => {
    const intent = { firstOffset: 100, lastOffset: 149, judgedMs: JUDGED_MS };
    const ledger = new PartitionLedger(100, [intent]);
    expect(decodeIntents(ledger.state().metadata)).toEqual([intent]);
    expect(() => new PartitionLedger(100, [intent]).open(100, 120, JUDGED_MS)).toThrow("100–149 is announced");
    const range = ledger.open(100, 149, JUDGED_MS + 9);
    expect(range).toMatchObject({ ...intent, announced: true });
    expect(ledger.open(150, 159, JUDGED_MS + 9).announced).toBe(false);
    ledger.markDurable(range);
    expect(ledger.state().offset).toBe(150);
  });
});
