import { beforeAll, describe, expect, it } from "vitest";
import { stages } from "../../src/telemetry/stages.ts";
import { panelsOf } from "../dashboards/dashboard-row.ts";
import { dashboards } from "../dashboards/dashboards.ts";
import type { Agreement } from "./agreement.ts";
import { checkPanels, type Finding } from "./check-panels.ts";
import { agreementListing, listing } from "./listing.ts";
import { hasPrometheus, promtool } from "./prometheus.ts";

const isThere = hasPrometheus();
if (!isThere && process.env.CI !== undefined) throw new Error("CI needs prometheus and promtool");
if (!isThere) console.warn("skipped: prometheus and promtool are not installed");

describe.skipIf(!isThere)("npm run test:panels", () => {
  let findings: Finding[];
  let agreements: Agreement[];
  let metricsText: string;

  beforeAll(async () => {
    ({ findings, agreements, metricsText } = await checkPanels(() => {}));
  }, 300_000);

  it("finds every panel of every dashboard filled as its row of code says", () => {
    expect(listing(findings.filter(({ wrong }) => wrong.length > 0))).toEqual([]);
    const asked = new Set(findings.map(({ query }) => query));
    for (const row of dashboards) {
      for (const { title, queries } of panelsOf(row))
        for (const query of queries) expect(asked, title).toContain(query);
    }
  });

  it("finds that SQL, millrace latency, /api/status, the console and Prometheus say the same of each stage", () => {
    expect(agreements.map(({ stage }) => stage)).toEqual(stages);
    expect(agreementListing(agreements.filter(({ wrong }) => wrong.length > 0))).toEqual([]);
    for (const { stage, records } of agreements) expect(records, stage).toBeGreaterThan(2_000);
  });

  it("finds nothing to mend in /metrics", () => {
    expect(promtool(["check", "metrics"], metricsText)).toBe("");
    expect(promtool(["check", "metrics"], "Wrong-Name 1\n")).not.toBe("");
  });

  it("finds the configuration and the rules of ops/prometheus right, by their own tests", () => {
    expect(promtool(["check", "config", "prometheus.yml"])).toBe("");
    expect(promtool(["check", "rules", "rules.yml"])).toBe("");
    expect(promtool(["test", "rules", "rules.test.yml"])).toBe("");
  });
});
