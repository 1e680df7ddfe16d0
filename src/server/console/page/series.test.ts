import { expect, it } from "vitest";
import { stages } from "../../../telemetry/stages.ts";
import { History, type Slot, seriesNames } from "../history.ts";
import { windowBoundsMs } from "../latency-window.ts";
import { heatCells, rangeOf } from "./chart-options.js";
import { append, nextNumber } from "./series.js";

function slotOf(number: number): Slot {
  const counts = windowBoundsMs.map((_, index) => ((index + number) % 37 === 0 ? number + 1 : 0));
  return {
    atMs: number * 2_000,
    values: Object.fromEntries(
      seriesNames.map((name) => [name, number % 5 === 0 ? Number.NaN : number]),
    ) as Slot["values"],
    counts: Object.fromEntries(stages.map((stage) => [stage, counts])) as unknown as Slot["counts"],
  };
}

/** Columns name their rows in any order. */
function sorted(history: ReturnType<History["document"]>) {
  const pairs = (counts: number[]) =>
    counts.flatMap((row, index) => (index % 2 === 0 ? [[row, counts[index + 1]]] : [])).sort(([a], [b]) => a! - b!);
  const heat = Object.entries(history.heat).map(([stage, columns]) => [
    stage,
    columns.map(({ column, counts }) => ({ column, counts: pairs(counts) })),
  ]);
  return { ...history, heat: Object.fromEntries(heat) };
}

it.each([
  [0, 40],
  [17, 300],
  [440, 700],
])("a page that opened after %i samples has, after %i, what the server has", (opened, now) => {
  const server = new History();
  for (let number = 0; number < opened; number += 1) server.push(slotOf(number));
  const page = structuredClone(server.document());
  for (let number = opened; number < now; number += 1) {
    server.push(slotOf(number));
    expect(append(page, structuredClone(server.latest()!))).toBe(true);
  }
  const { heat, ...figures } = sorted(page);
  const { heat: kept, ...known } = sorted(server.document());
  expect(figures).toEqual(known);
  // The oldest column may have lost some of its samples there, and not here.
  for (const stage of stages) expect(heat[stage].slice(1)).toEqual(kept[stage].slice(1));
});

it("notices that it has missed a sample, and takes none twice", () => {
  const server = new History();
  for (let number = 0; number < 10; number += 1) server.push(slotOf(number));
  const page = server.document();
  const point = server.latest()!;
  expect(append(page, { ...point, number: 11 })).toBe(false);
  expect(append(page, point)).toBe(true);
  expect([nextNumber(page), page.atMs.length]).toEqual([10, 10]);
});

it("shows two minutes at least, and a quarter of an hour at most", () => {
  const history = new History().document();
  const rangeAt = (...atMs: number[]) => rangeOf({ ...history, atMs });
  expect(rangeAt(1_000_000, 1_002_000)).toEqual({ min: 882_000, max: 1_002_000 });
  expect(rangeAt(0, 600_000)).toEqual({ min: 0, max: 600_000 });
  expect(rangeAt(0, 2_000_000)).toEqual({ min: 1_100_000, max: 2_000_000 });
});

it("draws the rows of the heat map that have records, with some room around", () => {
  const columns = [
    { column: 7, counts: [9, 5, 12, 1] },
    { column: 8, counts: [10, 40] },
  ];
  expect(heatCells(columns, 7)).toEqual({
    cells: [
      [0, 9, 5],
      [0, 12, 1],
      [1, 10, 40],
    ],
    ...{ firstRow: 7, lastRow: 14, max: 40 },
  });
  expect(heatCells(columns, 8).cells).toEqual([[0, 10, 40]]);
});
