import { findingsOf, reportAsJson } from "../report.ts";
import { type ChaosOptions, runChaos } from "../run-chaos.ts";
import { drawFaults } from "../schedule.ts";
import type { ScenarioResult, ScenarioTerms } from "./scenario.ts";

const FAULTS = 3;
const EVENTS_PER_SECOND = 1_000;
const SESSION_TIMEOUT_MS = 6_000;
const FENCE_MS = 3_000;
/** Longer than the fault: as if there were none. */
const NO_FENCE_MS = 600_000;

/** The insert that comes too late under a forgotten token, with the fence and, as a control, as good as without it. */
export async function fenceControl(terms: ScenarioTerms): Promise<ScenarioResult> {
  const { seed, say } = terms;
  const common: Omit<ChaosOptions, "fenceMs"> = {
    ...terms,
    faults: drawFaults(seed, FAULTS, ["forgotten-zombie"]),
    eventsPerSecond: EVENTS_PER_SECOND,
    window: undefined,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
  };
  say(`with a fence of ${FENCE_MS} ms: the late inserts must write nothing`);
  const fenced = await runChaos({ ...common, fenceMs: FENCE_MS });
  say(`with a fence of ${NO_FENCE_MS} ms: the same must double rows`);
  const open = await runChaos({ ...common, fenceMs: NO_FENCE_MS, isToFail: true });
  const findings = findingsOf(fenced).map((finding) => `with the fence: ${finding}`);
  const { arrived, written } = fenced.journal.late;
  if (arrived === 0) findings.push("with the fence: no insert came after its deadline, so nothing was shown");
  const { missing, duplicate, foreign } = open.delivery;
  if (duplicate === 0) findings.push("without the fence: no row was doubled, so nothing was shown");
  if (missing + foreign > 0) findings.push(`without the fence: ${missing} missing, ${foreign} foreign`);
  return {
    scenario: "fence-control",
    broker: fenced.broker,
    findings,
    figures: { fenced: reportAsJson(fenced), open: reportAsJson(open) },
    lines: [
      `fenced      ${arrived} inserts came after their deadline, ${written} wrote rows; ` +
        `${fenced.delivery.missing} missing, ${fenced.delivery.duplicate} duplicate of ${fenced.delivery.expected}`,
      ...fenced.faults.map(({ text }) => `            ${text}`),
      `control     as good as no fence: ${duplicate} rows doubled, ${missing} missing of ${open.delivery.expected}`,
      ...open.faults.map(({ text }) => `            ${text}`),
    ],
  };
}
