import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberIndexOf, memberRowsOf, whereOf } from "./member-rows.ts";

const batchOf = (rowCounts: readonly number[]) => {
  const members = rowCounts.map((rowCount, partition) => ({
    ...{ topic: "t", partition, rowCount },
    firstOffset: 0,
    lastOffset: 99,
  }));
  // Of each member alike, and not in order: 3, 2, 1, …
  const offsets = Float64Array.from(
    rowCounts.flatMap((count) => Array.from({ length: count }, (_, row) => count - row)),
  );
  return { members, offsets };
};

describe("the rows of a piece", () => {
  it("lie in its members, and nowhere else", () => {
    const counts = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(counts, fc.nat(), fc.nat(), (rowCounts, a, b) => {
        const batch = batchOf(rowCounts);
        const [firstRow, endRow] = [a, b].map((at) => at % (batch.offsets.length + 1)).sort((x, y) => x - y) as [
          number,
          number,
        ];
        const expected = Array.from({ length: endRow - firstRow }, (_, index) => {
          const row = firstRow + index;
          return { partition: batch.members[memberIndexOf(batch, row)]!.partition, offset: batch.offsets[row]! };
        });
        const byPartition = [...Map.groupBy(expected, ({ partition }) => partition)].map(([partition, rows]) => ({
          ...{ topic: "t", partition },
          lowestOffset: Math.min(...rows.map(({ offset }) => offset)),
          highestOffset: Math.max(...rows.map(({ offset }) => offset)),
        }));
        expect(memberRowsOf(batch, { firstRow, endRow })).toEqual(byPartition);
      }),
    );
  });

  it("have a member by their place alone", () => {
    const batch = batchOf([2, 0, 3]);
    expect([0, 1, 2, 3, 4].map((row) => memberIndexOf(batch, row))).toEqual([0, 0, 2, 2, 2]);
    expect(() => memberIndexOf(batch, 5)).toThrow("row 5 is in no member: they have 5 rows");
  });

  it("are told of by the first range, and how many more there are", () => {
    const whereIs = (rowCounts: number[]) => {
      const batch = batchOf(rowCounts);
      return whereOf(memberRowsOf(batch, { firstRow: 0, endRow: batch.offsets.length }));
    };
    expect([[4], [0, 2, 1], [1, 1, 1], [0]].map(whereIs)).toEqual([
      "t:0, offsets 1 to 4",
      "t:1, offsets 1 to 2, and 1 more range",
      "t:0, offsets 1 to 1, and 2 more ranges",
      "no row",
    ]);
  });
});
