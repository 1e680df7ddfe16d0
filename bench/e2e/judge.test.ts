import { describe, expect, it } from "vitest";
import { type Checksum, compareChecksums } from "./checksum.ts";
import { median, type PeerSummary } from "./rounds.ts";
import { judgeTargets } from "./targets.ts";

function summary(peer: string, figures: Partial<PeerSummary>): PeerSummary {
  const zero = { wallSeconds: 1, clickHouseCpuSeconds: 1, peerCpuSeconds: 0, brokerCpuSeconds: 0 };
  const none = { drainP95Ms: undefined, insertP95Ms: undefined, e2eP95Ms: undefined, eventLoopUtilisation: undefined };
  const rest = { clickHouseRssMiB: 0, peerRssMiB: 0, rowsPerSecond: 1, rowsPerCpuSecond: 1, runs: [] };
  return { peer, title: peer, ...zero, ...none, ...rest, ...figures };
}

function outcomes(summaries: PeerSummary[], against: string): [string, number | undefined, string][] {
  return judgeTargets(summaries)
    .filter(({ target }) => "against" in target && target.against === against)
    .map(({ target, measured, outcome }) => [`${target.figure} ${target.of}`, measured, outcome]);
}

describe("judgeTargets()", () => {
  const millrace = [
    summary("millrace-rowbinary", { rowsPerCpuSecond: 300, rowsPerSecond: 500 }),
    summary("millrace-native", { rowsPerCpuSecond: 499, rowsPerSecond: 390 }),
  ];

  it("takes as best format the one with more rows per CPU second, for the wall as well", () => {
    const best = summary("kafka-engine-best", { rowsPerCpuSecond: 100, rowsPerSecond: 100 });
    expect(outcomes([...millrace, best], "kafka-engine-best")).toEqual([
      ["rowsPerCpuSecond rowbinary", 3, "met"],
      ["rowsPerCpuSecond best", 4.99, "missed"],
      ["rowsPerSecond best", 3.9, "missed"],
    ]);
  });

  it("meets a target that is reached exactly", () => {
    const passThrough = summary("pass-through", { rowsPerCpuSecond: 499 / 2.2 });
    expect(outcomes([...millrace, passThrough], "pass-through")[0]![2]).toBe("met");
  });

  it("does not judge what was not measured, nor a best format that was measured alone", () => {
    expect(outcomes(millrace, "spark")).toEqual([["rowsPerCpuSecond best", undefined, "not measured"]]);
    const alone = [millrace[0]!, summary("node-consumer", { rowsPerCpuSecond: 100 })];
    expect(outcomes(alone, "node-consumer")).toEqual([
      ["rowsPerCpuSecond rowbinary", 3, "met"],
      ["rowsPerCpuSecond best", undefined, "not measured"],
    ]);
  });

  it.each([
    [0.3, "met"],
    [0.301, "missed"],
  ])("holds the main thread's event loop to 0.30: %f is %s", (eventLoopUtilisation, outcome) => {
    const busy = summary("millrace-native", { rowsPerCpuSecond: 499, eventLoopUtilisation });
    const judged = judgeTargets([millrace[0]!, busy]).find(({ target }) => target.figure === "eventLoopUtilisation");
    expect(judged).toMatchObject({ measured: eventLoopUtilisation, outcome });
  });
});

describe("compareChecksums()", () => {
  const equal: Checksum = { rows: 2, coordinates: 2, table: "7", columns: { a: "1", b: "2" } };

  it("has nothing to say when all runs stored the same rows", () => {
    expect(
      compareChecksums(2, [
        { peer: "x", checksum: equal },
        { peer: "y", checksum: { ...equal } },
      ]),
    ).toEqual([]);
  });

  it("names the columns that differ, once for all rounds", () => {
    const other = { peer: "y", checksum: { ...equal, table: "8", columns: { a: "1", b: "3" } } };
    expect(compareChecksums(2, [{ peer: "x", checksum: equal }, other, other])).toEqual([
      "y differs from x: columns b",
    ]);
  });

  it("names rows that are missing or doubled", () => {
    const doubled = { ...equal, rows: 3 };
    expect(compareChecksums(2, [{ peer: "x", checksum: doubled }])).toEqual([
      "x: 3 rows with 2 distinct coordinates, 2 events are in the topic",
    ]);
  });
});

describe("median()", () => {
  it.each([
    [[], undefined],
    [[3], 3],
    [[9, 1, 2], 2],
    [[4, 1, 2, 9], 3],
  ])("of %j is %s", (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});
