import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bundleIdOf } from "./bundle-id.ts";
import { decodeIntents, encodeIntents, METADATA_BYTES_MAX } from "./intents.ts";
import { type LedgerRange, LISTED_MEMBERS_MAX, PartitionLedger } from "./ledger.ts";

const JUDGED_MS = 1_767_225_600_000;
const bundleOf = (seed: number) => ({ id: bundleIdOf([], seed), count: 3 });

function admitted(ledger: PartitionLedger, ...given: Parameters<PartitionLedger["open"]>): LedgerRange {
  const range = ledger.open(...given);
  ledger.admit(range);
  return range;
}

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

  it("counts what a range takes that has left its bundle, and lets another member of a bundle in its place", () => {
    const ranges = Array.from({ length: LISTED_MEMBERS_MAX }, (_, index) => 10 * index);
    const ledger = new PartitionLedger(0);
    const [first] = ranges.map((offset) => admitted(ledger, offset, offset + 9, JUDGED_MS, bundleOf(offset)));
    const next = ledger.open(1_000, 1_009, JUDGED_MS, bundleOf(1));
    expect(ledger.admits(next)).toBe(false);
    const before = ledger.reservedBytes;
    ledger.withdraw(first!);
    expect(before - ledger.reservedBytes).toBe(`#${bundleOf(0).id}.3`.length);
    expect(ledger.admits(next)).toBe(true);
    ledger.markDurableAlone(first!);
    expect(ledger.state().metadata).toBe(encodeIntents(ledger.state().announces.map(({ range }) => range)));
    expect(ledger.reservedBytes).toBeGreaterThanOrEqual(ledger.state().metadata.length);
  });

  it("says in its commit what is in flight, stored ranges after an open one too", () => {
    const ledger = new PartitionLedger(100);
    admitted(ledger, 100, 199, JUDGED_MS);
    expect(ledger.markDurable(admitted(ledger, 200, 299, JUDGED_MS + 5))).toBe(false);
    const { offset, metadata, announces } = ledger.state();
    expect(offset).toBe(100);
    expect(metadata).toBe(`m2 100-199@${JUDGED_MS} 200-299@${JUDGED_MS + 5}`);
    expect(announces).toHaveLength(2);
  });

  it("says of a member of a bundle that it is stored, while the position cannot move", () => {
    const ledger = new PartitionLedger(0);
    const first = admitted(ledger, 0, 9, 1);
    const member = admitted(ledger, 10, 19, 2, bundleOf(2));
    expect(ledger.markDurable(member)).toBe(true);
    expect(ledger.state().metadata).toBe(`m3 0-9@1 10-19@2#${bundleOf(2).id}.3!`);
    expect(ledger.markDurable(first)).toBe(true);
    // All its members are ours, and said with the same request: no mark.
    expect(ledger.state()).toMatchObject({ offset: 20, metadata: "m2" });
  });

  it("lists only what was admitted, and nothing without what stands before it", () => {
    const ledger = new PartitionLedger(0);
    const [first, second] = [ledger.open(0, 9, 1), ledger.open(10, 19, 1)];
    expect(ledger.state()).toEqual({ offset: 0, metadata: "m2", announces: [] });
    expect(ledger.admits(second)).toBe(false);
    expect(() => ledger.admit(second)).toThrow(RangeError);
    ledger.admit(first);
    expect(ledger.state().metadata).toBe("m2 0-9@1");
    expect([ledger.admits(first), ledger.admits(second)]).toEqual([false, true]);
  });

  it("never admits more than a broker takes, not even when all of it becomes stored", () => {
    for (const bundle of [undefined, bundleOf(1)]) {
      const ledger = new PartitionLedger(9e15);
      const ranges = Array.from({ length: 200 }, (_, index) =>
        ledger.open(9e15 + index * 10, 9e15 + index * 10 + 9, JUDGED_MS, bundle),
      );
      const listed = ranges.filter((range) => {
        if (!ledger.admits(range)) return false;
        ledger.admit(range);
        return true;
      });
      for (const range of listed.slice(1)) ledger.markDurable(range);
      const { metadata } = ledger.state();
      expect(metadata.length).toBeLessThanOrEqual(METADATA_BYTES_MAX);
      expect(listed.length).toBe(bundle === undefined ? 85 : LISTED_MEMBERS_MAX);
    }
  });

  it("goes on committing all that version 1 announced, however full its text was: any may be stored already", () => {
    const many = Array.from({ length: 130 }, (_, index) => ({
      firstOffset: 1e9 + index * 10,
      lastOffset: 1e9 + index * 10 + 9,
      judgedMs: JUDGED_MS,
    }));
    const full = many.map((_, index) => encodeIntents(many.slice(0, index + 1)).replace("m2", "m1"));
    const text = full.findLast(({ length }) => length <= METADATA_BYTES_MAX)!;
    expect(METADATA_BYTES_MAX - text.length).toBeLessThan(40);
    const before = decodeIntents(text).intents;
    const ledger = new PartitionLedger(1e9, before);
    const next = ledger.open(2e9, 2e9 + 9, JUDGED_MS);
    expect(ledger.admits(next)).toBe(false);
    expect(ledger.state().metadata).toBe(text);
    for (const range of ledger.replays.slice(0, 2)) ledger.markDurable(range);
    ledger.admit(next);
    expect(ledger.state().metadata.length).toBeLessThanOrEqual(METADATA_BYTES_MAX);
    const { firstOffset, lastOffset, judgedMs } = next;
    expect(decodeIntents(ledger.state().metadata).intents).toEqual([
      ...before.slice(2),
      { firstOffset, lastOffset, judgedMs },
    ]);
  });

  it("has the ranges of the owner before, which end in any order, and opens new ones behind them at once", () => {
    const intents = [0, 10, 20].map((firstOffset) => ({ firstOffset, lastOffset: firstOffset + 9, judgedMs: 1 }));
    const ledger = new PartitionLedger(0, intents);
    const text = "m2 0-9@1 10-19@1 20-29@1";
    expect(ledger.state()).toMatchObject({ offset: 0, metadata: text });
    expect(ledger.replays).toMatchObject(intents.map((intent) => ({ ...intent, announced: true, durable: false })));
    expect(() => ledger.open(25, 39, 2)).toThrow("the next free offset is 30");
    const fresh = admitted(ledger, 30, 39, 2);
    expect(ledger.state().metadata).toBe(`${text} 30-39@2`);
    const [first, second, third] = ledger.replays;
    for (const range of [third!, fresh, second!]) ledger.markDurable(range);
    expect(ledger.state().offset).toBe(0);
    expect(ledger.replays).toEqual([first]);
    ledger.markDurable(first!);
    expect(ledger.state()).toMatchObject({ offset: 40, metadata: "m2" });
  });

  it("moves at once over what is stored already, and leaves marks of its bundles", () => {
    const { id } = bundleOf(1);
    const other = bundleOf(2).id;
    const { intents, marks } = decodeIntents(`m3 +${other} 0-9@1#${id}.3! 10-19@1 20-29@1!`);
    const ledger = new PartitionLedger(0, intents, marks);
    expect(ledger.state()).toMatchObject({ offset: 10, metadata: `m3 +${other} +${id} 10-19@1 20-29@1!` });
    expect(ledger.replays).toMatchObject([{ firstOffset: 10 }]);
    ledger.markDurable(ledger.replays[0]!);
    expect(ledger.state()).toMatchObject({ offset: 30, metadata: `m3 +${other} +${id}` });
  });

  it("says nothing of a bundle of which one range was stored alone", () => {
    const { intents } = decodeIntents(`m3 0-9@1 10-19@1#${bundleOf(1).id}.3`);
    const ledger = new PartitionLedger(0, intents);
    const [first, member] = ledger.replays;
    expect(ledger.markDurableAlone(member!)).toBe(false);
    expect(ledger.state().metadata).toBe(`m3 0-9@1 10-19@1#${bundleOf(1).id}.3`);
    ledger.markDurable(first!);
    expect(ledger.state()).toMatchObject({ offset: 20, metadata: "m2" });
  });

  it("keeps the texts of all owners in a row within what a broker takes", () => {
    // Each stores some of what it finds, in any order, announces what there is room for, and is gone.
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat({ max: 99 }), { maxLength: 12 }), { maxLength: 8 }), (owners) => {
        let [metadata, offset, next, seed] = ["m2", 0, 0, 0];
        for (const picks of owners) {
          const { intents, marks } = decodeIntents(metadata);
          const ledger = new PartitionLedger(offset, intents, marks);
          for (;;) {
            const range = ledger.open(next, next + 1e9, 1e12, seed % 3 === 0 ? undefined : bundleOf(seed));
            seed += 1;
            next += 1e9 + 1;
            if (!ledger.admits(range)) break;
            ledger.admit(range);
          }
          const listed = ledger.state().announces.map(({ range }) => range);
          for (const pick of picks) {
            if (listed.length > 0) ledger.markDurable(listed[pick % listed.length]!);
            ({ metadata, offset } = ledger.state());
            expect(metadata.length).toBeLessThanOrEqual(METADATA_BYTES_MAX);
          }
          ({ metadata, offset } = ledger.state());
          next = Math.max(offset, (decodeIntents(metadata).intents.at(-1)?.lastOffset ?? -1) + 1);
        }
      }),
    );
  });
});
