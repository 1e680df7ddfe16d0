import type { Command } from "commander";
import type { Admin } from "kafkajs";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import { readClusterId } from "../clients/kafka/connect.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { OptionValues, TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { parseTimeMs } from "../config/parse-values.ts";
import { choosePlan } from "../config/plan-choice.ts";
import { counted } from "../core/counted.ts";
import { MillraceError } from "../core/errors.ts";
import { sumBalances } from "../operate/reconcile/reconcile.ts";
import { type Compared, committedRanges, reconcilePlans } from "../operate/reconcile/reconcile-plans.ts";
import { requireBrokers, requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { buildPlans, choosePipelines } from "../run/plans.ts";
import { createLog } from "../telemetry/log.ts";
import { addOptions } from "./add-options.ts";
import { addHelpAfter } from "./help-text.ts";
import { printTable } from "./print-table.ts";

const rows = commandRows.reconcile;

const PROGRESS_MS = 2_000;

const hints = [
  "missing: neither a row, nor a dead letter, nor a known gap. Is the row older than the table's TTL? Then --since helps.",
  "duplicate: rows beyond one per offset. Two groups into one table, or a table without a deduplication window?",
  "a group that began at the end of a log, or under another name, has no rows of older records: --since its beginning.",
];

/** `millrace reconcile`: offsets in Kafka against rows in ClickHouse, partition by partition. */
export function addReconcileCommand(program: Command, environment: Environment): void {
  addHelpAfter(addOptions(program.command("reconcile"), rows), () => exitCodes)
    .description("compare offsets in Kafka with rows in ClickHouse: what is missing, what is doubled")
    .action((typed: TypedOptions<typeof rows>) => runReconcile(environment, readOptions(rows, typed)));
}

const exitCodes =
  "Exit code 1 when anything is missing or doubled. What cannot be counted, because a table keeps fewer rows than it is " +
  "given by design, is said and fails nothing. Records beyond the committed offset are not expected yet.";

async function runReconcile(given: Environment, options: OptionValues<typeof rows>): Promise<void> {
  const environment = withRunningDemo(given, options.brokers);
  const plan = choosePlan(options);
  const sinceMs = options.since === undefined ? undefined : parseTimeMs("--since", options.since, Date.now());
  const brokers = requireBrokers(environment, options.brokers);
  const client = connectClickHouse(requireClickHouse(environment), 2);
  const kafka = commandKafkaConfig(
    brokers,
    "millrace-reconcile",
    createLog(environment.logLevel),
    environment.kafkaSecurity,
  );
  let admin: Admin | undefined;
  let compared: Compared;
  try {
    admin = await connectCommandAdmin(kafka);
    const origin = { cluster: await readClusterId(admin), group: plan.groupId };
    const plans = await buildPlans(client, await choosePipelines(plan), origin);
    const ranges = await committedRanges(admin, plan.groupId, plans, sinceMs);
    compared = await reconcilePlans(client, plans, ranges, { origin, spansMax: options.spansMax, progressOn });
  } finally {
    await admin?.disconnect();
    await client.close();
  }
  print(plan.groupId, compared, options.json);
  const { missing, duplicate } = sumBalances(compared.balances);
  if (missing > 0 || duplicate > 0) {
    throw new MillraceError(
      "E_INCOMPLETE",
      `${counted(missing, "record")} missing, ${counted(duplicate, "row")} doubled`,
    );
  }
}

/** A line on standard error every two seconds; none for what is done sooner. */
function progressOn(table: string): (done: number, total: number) => void {
  let shownMs = performance.now();
  return (done, total) => {
    if (performance.now() - shownMs < PROGRESS_MS) return;
    shownMs = performance.now();
    process.stderr.write(`${table}: ${done} of ${total} offsets compared (${Math.floor((100 * done) / total)} %)\n`);
  };
}

function print(group: string, { balances, uncountable }: Compared, json: boolean): void {
  const total = sumBalances(balances);
  if (json) {
    console.log(JSON.stringify({ group, total, partitions: balances, uncountable }));
    return;
  }
  for (const sentence of uncountable) console.log(sentence);
  if (balances.length === 0) return;
  const header = ["topic", "partition", "from", "to", "expected", "stored", "dead", "gaps", "missing", "duplicate"];
  const figures = ({ expected, stored, dead, gaps, missing, duplicate }: typeof total) =>
    [expected, stored, dead, gaps, missing, duplicate].map(String);
  printTable(header, [
    ...balances.map((balance) => {
      const { topic, partition, first, end } = balance;
      return [topic, String(partition), String(first), String(end), ...figures(balance)];
    }),
    ["all", "", "", "", ...figures(total)],
  ]);
  for (const { topic, partition, spans } of balances) {
    for (const { kind, first, last } of spans) {
      console.log(`${kind} ${topic}:${partition} offsets ${first}-${last} (${last - first + 1})`);
    }
  }
  if (total.missing + total.duplicate > 0) console.log(`\n${hints.join("\n")}`);
}
