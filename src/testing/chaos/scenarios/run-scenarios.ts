import { clickHouseOutage, type Outage } from "./clickhouse-outage.ts";
import { fenceControl } from "./fence-control.ts";
import { quietEvent } from "./quiet-event.ts";
import { rollingRestart } from "./rolling-restart.ts";
import type { ScenarioResult, ScenarioTerms } from "./scenario.ts";

export const scenarioNames = ["quiet-event", "rolling-restart", "clickhouse-outage", "fence-control"] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** Runs them one after the other; each has servers of its own. `outages`: the ways in which ClickHouse goes away. */
export async function runScenarios(
  names: readonly ScenarioName[],
  terms: ScenarioTerms,
  outages: readonly Outage[],
): Promise<ScenarioResult[]> {
  const runs = names.flatMap<[name: string, run: () => Promise<ScenarioResult>]>((name) => {
    if (name === "quiet-event") return [[name, () => quietEvent(terms)]];
    if (name === "rolling-restart") return [[name, () => rollingRestart(terms)]];
    if (name === "fence-control") return [[name, () => fenceControl(terms)]];
    return outages.map((outage) => [`${name} ${outage}`, () => clickHouseOutage(terms, outage)]);
  });
  const results: ScenarioResult[] = [];
  for (const [title, run] of runs) {
    terms.say(`\n${title}`);
    const result = await run();
    terms.say([...result.lines, verdictOf(result)].join("\n"));
    results.push(result);
  }
  return results;
}

function verdictOf({ findings }: ScenarioResult): string {
  if (findings.length === 0) return "verdict     passed";
  return ["verdict     FAILED:", ...findings.map((finding) => `  ${finding}`)].join("\n");
}
