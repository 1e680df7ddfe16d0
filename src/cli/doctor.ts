import type { ClickHouseClient } from "@clickhouse/client";
import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { connectAdmin, kafkaConfig } from "../clients/kafka/connect.ts";
import { ensureTopics } from "../clients/kafka/topics.ts";
import { type Environment, refuseHalfASetUp, refuseSecretsForEmbedded } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { parseStartArguments, type StartOptions } from "../config/start-options.ts";
import { defaultTopics } from "../config/topics.ts";
import { MillraceError } from "../core/errors.ts";
import type { Finding } from "../operate/doctor/finding.ts";
import { guaranteeOf } from "../operate/doctor/finding.ts";
import { type DoctorReport, runDoctor } from "../operate/doctor/run-doctor.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { clickHouseAddress, embeddedServersOf, withRunningDemo } from "../run/addresses.ts";
import { doctorSetUpOf } from "../run/doctor-set-up.ts";
import { launchServers } from "../run/embedded-servers.ts";
import { buildPlans, choosePipelines, eventTablesOf } from "../run/plans.ts";
import { eventsPipeline } from "../schema/events-pipeline.ts";
import { deadLetterTable } from "../schema/pipeline.ts";
import type { TablePlan } from "../schema/plan.ts";
import { readTable } from "../schema/read-table.ts";
import { createLog } from "../telemetry/log.ts";
import { addOptions } from "./add-options.ts";
import { reportLines } from "./doctor-text.ts";
import { addHelpAfter } from "./help-text.ts";

/** Two clients' worth of patience: a doctor that waits for a dead broker helps nobody. */
const KAFKA_RETRIES = 3;

/** `millrace doctor`: what the set-up that `millrace start` would run guarantees, and what to do about it. */
export function addDoctorCommand(program: Command, environment: Environment): void {
  addHelpAfter(addOptions(program.command("doctor"), commandRows.doctor), () => exitCodes)
    .description("examine Kafka and ClickHouse: which guarantee does `millrace start` give here, and why not more")
    .action((typed: TypedOptions<typeof commandRows.doctor>) => {
      refuseSecretsForEmbedded(environment);
      refuseHalfASetUp(environment);
      const servers = { areEmbedded: environment.kafkaBrokers === undefined };
      return runDoctorCommand(environment, parseStartArguments({ ...typed, simulator: false }, servers));
    });
}

const exitCodes =
  "Exit codes: 0 exactly-once, or weaker and nothing was required; 1 something stops the ingester, or the set-up gives " +
  "less than --require; 2 wrong input. Servers that are not named are the embedded ones: those that run, or else they " +
  "are started, prepared as `millrace start` does it, and stopped again. Servers that are named are only read.";

async function runDoctorCommand(given: Environment, options: StartOptions): Promise<void> {
  const environment = withRunningDemo(given);
  const pipelines = await choosePipelines(options);
  const log = createLog(environment.logLevel);
  const embedded = embeddedServersOf(given);
  const toLaunch = embeddedServersOf(environment);
  if (!options.json && (toLaunch.kafka || toLaunch.clickHouse)) console.error("starting the embedded servers …");
  const servers = await launchServers({ ...toLaunch, dataDir: environment.dataDir, fresh: false });
  const brokers = servers.kafkaBrokers ?? environment.kafkaBrokers!;
  const client = connectClickHouse(
    clickHouseAddress(environment, servers.clickHouseUrl ?? environment.clickHouseUrl!),
    options.profile.insertsMax + 2,
  );
  const kafka = {
    ...kafkaConfig(brokers, "millrace", log, environment.kafkaSecurity),
    retry: { retries: KAFKA_RETRIES },
  };
  try {
    if (toLaunch.clickHouse) await migrate(client, { eventTables: eventTablesOf(pipelines) });
    if (toLaunch.kafka && options.makesTopics) {
      const admin = await connectAdmin(kafka);
      await ensureTopics(admin, defaultTopics).finally(() => admin.disconnect());
    }
    const { plans, absent } = await readPlans(client, pipelines);
    const report = await runDoctor({ client, kafka, setUp: doctorSetUpOf(options, plans, { brokers, embedded }) });
    print(withAbsent(report, absent), options);
  } finally {
    await client.close();
    await servers.stop();
  }
}

/** Plans of the pipelines whose tables are there; a table that is not, or does not fit, is a finding. */
async function readPlans(
  client: ClickHouseClient,
  pipelines: Parameters<typeof buildPlans>[1],
): Promise<{ plans: TablePlan[]; absent: Finding[] }> {
  const plans: TablePlan[] = [];
  const absent = await ownTablesAbsent(client, eventTablesOf(pipelines) === "made");
  for (const pipeline of pipelines) {
    // The targets of the built-in pipelines are made together with Millrace's own tables.
    if (absent.length > 0 && [eventsPipeline.table, deadLetterTable].includes(pipeline.table)) continue;
    try {
      // Without its own tables no plan can be made; whether the target is there can be said all the same.
      if (absent.length > 0) await readTable(client, pipeline.table);
      else plans.push(...(await buildPlans(client, [pipeline])));
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      // A server that does not answer is found out, and reported once, by the examination itself.
      if (error.code === "E_CLICKHOUSE") continue;
      absent.push({
        code: "table.absent",
        severity: "error",
        where: pipeline.table,
        found: error.message,
        meaning: `the pipeline ${pipeline.name} cannot run`,
        remedy: ["# Millrace's own tables", "millrace migrate"],
      });
    }
  }
  return { plans, absent };
}

/** On servers that are named nothing is made here, and before the first start nothing of Millrace's is there. */
async function ownTablesAbsent(client: ClickHouseClient, withEvents: boolean): Promise<Finding[]> {
  try {
    await readTable(client, deadLetterTable);
    return [];
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    if (error.code !== "E_PLAN") return [];
    return [
      {
        code: "table.absent",
        severity: "error",
        where: deadLetterTable,
        found: "Millrace's own tables are not there yet, or the ClickHouse user may not see them",
        meaning: "`millrace start` makes them where its user may; the pipelines can be judged once they are there",
        remedy: ["# now, by whoever may", `millrace migrate${withEvents ? " --events" : ""}`],
      },
    ];
  }
}

function withAbsent(report: DoctorReport, absent: Finding[]): DoctorReport {
  const findings = [...absent, ...report.findings];
  return { guarantee: guaranteeOf(findings), findings };
}

function print(report: DoctorReport, options: StartOptions): void {
  if (options.json) console.log(JSON.stringify(report));
  else for (const line of reportLines(report, process.stdout.isTTY === true)) console.log(line);
  const isBroken = report.findings.some(({ severity }) => severity === "error");
  if (isBroken || (options.requiresExactlyOnce && report.guarantee !== "exactly-once")) process.exitCode = 1;
}
