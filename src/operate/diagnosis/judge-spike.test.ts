import { expect, it } from "vitest";
import { findSpike, type MinuteFigures, spikeText } from "./judge-spike.ts";

const usual = { produce: 5, fetch: 40, queue: 100, process: 5, insert: 80, pipeline: 250, e2e: 260 };

/** Ten minutes like any other, but for those that are given. */
function minutesWith(odd: Record<number, { eps?: number; p95Ms: Record<string, number> }>): MinuteFigures[] {
  return Array.from({ length: 10 }, (_, at) => ({
    ...{ minute: `12:0${at}`, eps: odd[at]?.eps ?? 1_000 },
    p95Ms: { ...usual, ...odd[at]?.p95Ms },
  }));
}

const textOf = (minutes: MinuteFigures[]) => spikeText(minutes, findSpike(minutes));

it("names the minute and the stage that rose most, not the one that is always the longest", () => {
  const minutes = minutesWith({ 6: { p95Ms: { queue: 160, insert: 8_000, pipeline: 8_300, e2e: 8_400 } } });
  expect(findSpike(minutes)).toMatchObject({
    minute: "12:06",
    whole: "e2e",
    stage: "insert",
    p95Ms: 8_400,
    usualMs: 260,
  });
  expect(textOf(minutes)).toBe(
    "At 12:06 UTC e2e p95 was 8.4 s instead of 260 ms, most of the rise in insert (8.0 s instead of 80 ms): " +
      "ClickHouse was slow, and `millrace diag clickhouse` looks into it.",
  );
});

it("says so when the stages do not explain it, and when more came than usual", () => {
  const minutes = minutesWith({ 2: { eps: 4_000, p95Ms: { pipeline: 3_000, e2e: 3_000, queue: 200 } } });
  expect(textOf(minutes)).toMatch(
    /^At 12:02 UTC .* while 4\.0 times as many events came, most of the rise between the stages/,
  );
});

it("takes pipeline for the whole where no event says when it happened", () => {
  const minutes = minutesWith({ 3: { p95Ms: { fetch: 2_000, pipeline: 2_200 } } }).map(({ p95Ms, ...minute }) => {
    const { e2e: _, produce: __, ...rest } = p95Ms as typeof usual;
    return { ...minute, p95Ms: rest };
  });
  expect(findSpike(minutes)).toMatchObject({ minute: "12:03", whole: "pipeline", stage: "fetch" });
});

it("finds none among minutes that are much the same, or too few", () => {
  expect(textOf(minutesWith({ 4: { p95Ms: { e2e: 400 } } }))).toBe(
    "No spike: in each of these minutes p95 was between 260 ms and 400 ms.",
  );
  // Twice as long as usual, and nothing that anybody would notice.
  expect(
    findSpike(minutesWith({}).map((minute) => ({ ...minute, p95Ms: { e2e: minute.minute === "12:01" ? 30 : 10 } }))),
  ).toBe(undefined);
  expect(textOf(minutesWith({ 1: { p95Ms: { e2e: 9_000 } } }).slice(0, 2))).toContain("Only 2 minutes recorded");
  expect(textOf([])).toContain("Nothing was recorded");
});
