import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import { readClusterId } from "../clients/kafka/connect.ts";
import type { Environment } from "../config/environment.ts";
import type { commandRows } from "../config/options/command-rows.ts";
import type { OptionValues } from "../config/options/option-row.ts";
import { choosePlan } from "../config/plan-choice.ts";
import { MillraceError } from "../core/errors.ts";
import { applyReset } from "../operate/offsets/apply-reset.ts";
import { planReset } from "../operate/offsets/plan-reset.ts";
import type { Move } from "../operate/offsets/reset-move.ts";
import { parseResetTarget } from "../operate/offsets/reset-target.ts";
import { requireBrokers, requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { buildPlans, choosePipelines } from "../run/plans.ts";
import type { Pipeline } from "../schema/pipeline.ts";
import { createLog } from "../telemetry/log.ts";
import { printTable } from "./print-table.ts";

type ResetOptions = OptionValues<(typeof commandRows)["offsets reset"]>;

/** `millrace offsets reset`. Checks everything before it changes anything. */
export async function runReset(given: Environment, options: ResetOptions): Promise<void> {
  const environment = withRunningDemo(given, options.brokers);
  const target = parseResetTarget(options.to, Date.now());
  const brokers = requireBrokers(environment, options.brokers);
  const kafka = commandKafkaConfig(
    brokers,
    "millrace-offsets",
    createLog(environment.logLevel),
    environment.kafkaSecurity,
  );
  const pipeline = environment.clickHouseUrl === undefined ? undefined : await pipelineOf(options);
  const client = pipeline === undefined ? undefined : connectClickHouse(requireClickHouse(environment), 1);
  const admin = await connectCommandAdmin(kafka);
  try {
    const origin = { cluster: await readClusterId(admin), group: options.group };
    const plan = client === undefined ? undefined : (await buildPlans(client, [pipeline!], origin))[0]!;
    const tables = client === undefined || plan === undefined ? undefined : { client, plan };
    const { moves, faults } = await planReset(admin, options, target, tables);
    print(options, moves, faults);
    if (options.dryRun) return;
    if (faults.length > 0) throw new MillraceError("E_KAFKA", `Nothing was changed. ${faults.join(" ")}`);
    if (!options.yes) {
      throw new MillraceError("E_CONFIG", "Nothing was changed: --yes makes the change, --dry-run only shows it");
    }
    await applyReset({ kafka, admin, client, origin }, options, moves);
  } finally {
    await admin.disconnect();
    await client?.close();
  }
}

/** The pipeline that reads the topic: that of --table, or the one among the pipelines. */
async function pipelineOf(options: ResetOptions): Promise<Pipeline> {
  const { group: groupId, table, pipelineNames, pipelineFolder, topic } = options;
  const topics = table === undefined ? undefined : [topic];
  const chosen = await choosePipelines(choosePlan({ topics, table, pipelineNames, pipelineFolder, groupId }));
  const owner = chosen.find(({ topics }) => topics.includes(topic));
  if (owner !== undefined) return owner;
  const names = chosen.map(({ name }) => name).join(", ");
  throw new MillraceError(
    "E_CONFIG",
    `--topic ${topic}: not read by ${names}. Name --table or --pipeline as given to millrace start, so that the rows ` +
      "of these offsets can be looked up.",
  );
}

function print({ group, json, dryRun }: ResetOptions, moves: Move[], faults: string[]): void {
  if (json === true) {
    const partitions = moves.map(({ partition, from, to, skipped, again, rows }) => {
      const { topic, committed } = partition;
      const storedRows = rows ?? null;
      return {
        topic,
        partition: partition.partition,
        committed: committed ?? null,
        from,
        to,
        skipped,
        again,
        storedRows,
      };
    });
    console.log(JSON.stringify({ group, dryRun: dryRun === true, faults, partitions }));
    return;
  }
  const header = ["topic", "partition", "from", "to", "skipped", "read again", "rows stored there"];
  const lines = moves.map(({ partition: { topic, partition, committed }, from, to, skipped, again, rows }) => [
    topic,
    ...[partition, committed === undefined ? `${from} (log start)` : from, to, skipped, again, rows ?? "?"].map(String),
  ]);
  printTable(header, lines);
  if (dryRun === true)
    console.log(["", "nothing was changed (--dry-run)", ...faults.map((text) => `refused: ${text}`)].join("\n"));
}
