import { hideNegativeTimeoutWarnings } from "../../src/cli/quiet-warnings.ts";
import { checkPanels } from "./check-panels.ts";
import { agreementListing, listing } from "./listing.ts";
import { hasPrometheus, promtool } from "./prometheus.ts";

/** `npm run test:panels`: asks every panel of every dashboard of a real run. Exit code: 0 all as stated, 1 not, 2 it cannot run. */
hideNegativeTimeoutWarnings();
if (hasPrometheus()) await main();
else {
  process.stderr.write("prometheus and promtool are needed: apt-get install prometheus\n");
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const { findings, agreements, metricsText } = await checkPanels((text) => process.stderr.write(`${text}\n`));
  process.stdout.write(`${[...listing(findings), ...agreementListing(agreements)].join("\n")}\n`);
  const tools = [
    ["promtool check metrics", promtool(["check", "metrics"], metricsText)],
    ["promtool check rules", promtool(["check", "rules", "rules.yml"])],
    ["promtool test rules", promtool(["test", "rules", "rules.test.yml"])],
  ] as const;
  for (const [name, said] of tools) process.stdout.write(said === "" ? `ok   ${name}\n` : `FAIL ${name}\n${said}\n`);
  const failed =
    [...findings, ...agreements].filter(({ wrong }) => wrong.length > 0).length +
    tools.filter(([, said]) => said !== "").length;
  const panels = new Set(findings.map(({ dashboard, panel }) => `${dashboard}: ${panel}`));
  process.stdout.write(`${panels.size} panels and choices, ${findings.length} queries, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
