import { describe, expect, it } from "vitest";
import { expandPromql } from "./expand-promql.ts";
import { expandSql, type Surroundings } from "./expand-sql.ts";

const surroundings: Surroundings = {
  ...{ fromMs: 1_415_792_726_500, toMs: 1_447_328_726_000, intervalS: 20 },
  chosen: { service: "all", window: ["300"], pipeline: ["events", "it's"] },
};
const expand = (sql: string, other: Partial<Surroundings> = {}) => expandSql(sql, { ...surroundings, ...other });

/** Expected texts are those of the plugin's own tests and sources, for the same input. */
describe("expandSql()", () => {
  it.each([
    ["$__timeFilter(col)", "col >= toDateTime(1415792726) AND col <= toDateTime(1447328726)"],
    ["$__timeInterval(col)", "toStartOfInterval(toDateTime(col), INTERVAL 20 second)"],
    ["x > $__fromTime AND x < $__toTime - 1", "x > toDateTime(1415792726) AND x < toDateTime(1447328726) - 1"],
    ["$__toTime_ms", "fromUnixTimestamp64Milli(1447328726000)"],
    ["n / $__interval_s", "n / 20"],
    [`INTERVAL \${window} SECOND`, "INTERVAL 300 SECOND"],
    [`p IN (\${pipeline:sqlstring})`, "p IN ('events','it''s')"],
    [`a AND $__conditionalAll(service IN (\${service:sqlstring}), $service) AND b`, "a AND 1=1 AND b"],
    [`$__conditionalAll(pipeline IN (\${pipeline:sqlstring}), $pipeline)`, "pipeline IN ('events','it''s')"],
    ["$__conditionalAll(service = 1, $service) OR $__conditionalAll(f(x, y) = 2, $pipeline)", "1=1 OR f(x, y) = 2"],
  ])("%s", (sql, expanded) => {
    expect(expand(sql)).toBe(expanded);
  });

  it.each([
    ["$__timeGroup(x)", /no such macro: \$__timeGroup/],
    ["$__timeFilter(toDate(x))", /a column in brackets/],
    ["$__toTime(x)", /a column in brackets/],
    [`\${nobody}`, /no variable nobody/],
    [`service = \${service}`, /outside of \$__conditionalAll/],
    ["x = $window", /\$window is no macro/],
  ])("refuses %s", (sql, message) => {
    expect(() => expand(sql)).toThrow(message);
  });
});

describe("expandPromql()", () => {
  it("puts in the rate interval and the instances", () => {
    const promql = 'rate(a{instance=~"$instance", stage="$stage"}[$__rate_interval])';
    const chosen = { instance: "all", stage: ["e2e"] } as const;
    expect(expandPromql(promql, { ...surroundings, chosen }, 15)).toBe('rate(a{instance=~".+", stage="e2e"}[15s])');
    expect(() => expandPromql("$job", surroundings, 15)).toThrow("no variable job");
  });
});
