import type { ProfileName } from "../../src/config/profiles.ts";
import type { StepFigures, Verdict } from "./verdict.ts";

export type StepResult = StepFigures & Verdict & { profile: ProfileName };

/**
 * Tries the rates from the lowest upward, until there is one that Millrace does not hold with any profile.
 *
 * The profiles are in the order in which they are tried, the one with the smallest batches first, because small batches
 * give the shorter latency. When a rate does not hold, the same rate is tried with the next profile, and the higher rates
 * after it, too: a profile that failed once is not tried again.
 *
 * @returns the results of all steps, those that did not hold included
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
