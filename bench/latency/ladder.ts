import type { ProfileName } from "../../src/config/profiles.ts";
import type { StepFigures, Verdict } from "./verdict.ts";

export type StepResult = StepFigures & Verdict & { profile: ProfileName };

/**
 * Climbs the rates until one no longer holds. A rate that does not hold with one profile is tried with the next, which
 * is then kept: latency is what the smaller one is better at.
 */
export async function climb(
  rates: readonly number[],
  profiles: readonly ProfileName[],
  step: (eventsPerSecond: number, profile: ProfileName) => Promise<StepResult>,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  let profileIndex = 0;
  for (const rate of [...rates].sort((a, b) => a - b)) {
    for (;;) {
      const result = await step(rate, profiles[profileIndex]!);
      results.push(result);
      if (result.holds) break;
      profileIndex += 1;
      if (profileIndex === profiles.length) return results;
    }
  }
  return results;
}
