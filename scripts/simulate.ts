import { parseArgs } from "node:util";
import { checks, controls, runCheck } from "../src/testing/delivery-simulation/checks.ts";

/**
 * The delivery protocol in virtual time: 2,400 schedules of faults in which every record must be stored once, and the
 * controls, each of which leaves out a part of the protocol and must be found out.
 *
 *     npm run simulate:delivery -- --times 20 --seed 100000
 *
 * `--times`: so many times the schedules of the test. `--seed`: the first one's.
 */
const { values } = parseArgs({ options: { times: { type: "string" }, seed: { type: "string" } } });
const factor = positive("--times", values.times ?? "1");
const firstSeed = positive("--seed", values.seed ?? "1");

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`${option} must be a whole number from 1 on: got ${text}`);
  process.exit(2);
}

let failed = 0;
for (const check of [...checks, ...controls]) {
  const startedMs = performance.now();
  const { isAsExpected, results, wrong } = await runCheck(check, { firstSeed, factor });
  if (!isAsExpected) failed += 1;
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const found = check.finds === undefined ? `${wrong.length} wrong` : `control, must find ${check.finds}`;
  const seeds = wrong.length === 0 ? "" : `, seeds ${wrong.slice(0, 5).map(({ seed }) => seed)}`;
  console.log(
    `${isAsExpected ? "ok  " : "FAIL"} ${check.says}: ${results.length} schedules, ${found}${seeds}, ${seconds} s`,
  );
}
process.exit(failed === 0 ? 0 : 1);
