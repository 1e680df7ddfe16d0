import { describe, expect, it } from "vitest";
import { describeRecoveries, recoveriesIn, recoveryFindings, sumRecoveries } from "./recoveries.ts";
import { drawFaults } from "./schedule.ts";

const log = [
  '{"level":20,"recoveries":[{"kind":"repeat","own":1,"count":1},{"kind":"repeat","bundle":"a","own":3,"count":3}],"msg":"m"}',
  "ended: something",
  '{"level":20,"recoveries":[{"kind":"repeat","bundle":"b","own":1,"count":3}],"msg":"m"}',
  '{"level":20,"recoveries":[{"kind":"stored","bundle":"b","own":2,"count":3},{"kind":"unknown","bundle":"c","own":1,"count":2}],"msg":"m"}',
  '{"level":20,"recoveries":[{"kind":"rep',
].join("\n");

describe("recoveries of a run", () => {
  it("are counted by what was done, and by whether others had a share", () => {
    expect(sumRecoveries(recoveriesIn(log))).toEqual({
      alone: 1,
      bundles: { repeat: 2, stored: 1, unknown: 1 },
      split: { repeat: 1, stored: 1 },
      splitBundles: 1,
    });
  });

  it("tell when nothing was split, which is a fault where it was meant", () => {
    const none = sumRecoveries(recoveriesIn(log.split("\n")[0]!));
    expect(describeRecoveries(none).join("\n")).toContain("no bundle came to several owners");
    expect(recoveryFindings(none, drawFaults(1, 3, ["kill"]))).toEqual([]);
    expect(recoveryFindings(none, drawFaults(1, 3, ["split-bundle"]))).toHaveLength(1);
    expect(recoveryFindings(sumRecoveries(recoveriesIn(log)), drawFaults(1, 3, ["split-bundle"]))).toEqual([]);
  });
});
