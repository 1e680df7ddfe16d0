import type { Command } from "commander";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import { applyTopics, planTopics, type TopicChange } from "../clients/kafka/topics.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { defaultTopics } from "../config/topics.ts";
import { requireBrokers, withRunningDemo } from "../run/addresses.ts";
import { createLog } from "../telemetry/log.ts";
import { addOptions } from "./add-options.ts";
import { printTable } from "./print-table.ts";

type TopicsArguments = TypedOptions<(typeof commandRows)["topics plan"]>;

/** `millrace topics plan|apply`: the declared topics against those of the cluster (S0-26 to S0-28). */
export function addTopicsCommand(program: Command, environment: Environment): void {
  const topics = program.command("topics").description("compare the declared topics with the cluster, or create them");
  addOptions(topics.command("plan"), commandRows["topics plan"])
    .description("show what apply would do; exit 1 if it would refuse something")
    .action((typed: TopicsArguments) => runTopics(environment, typed, false));
  addOptions(topics.command("apply"), commandRows["topics apply"])
    .description("create missing topics and add missing partitions; never takes any away")
    .action((typed: TopicsArguments) => runTopics(environment, typed, true));
  for (const command of topics.commands) command.exitOverride();
}

async function runTopics(given: Environment, options: TopicsArguments, apply: boolean): Promise<void> {
  const environment = withRunningDemo(given, options.brokers);
  const brokers = requireBrokers(environment, options.brokers);
  const admin = await connectCommandAdmin(
    commandKafkaConfig(brokers, "millrace-topics", createLog(environment.logLevel), environment.kafkaSecurity),
  );
  try {
    const changes = await planTopics(admin, defaultTopics);
    // All or nothing: a refusal means that declaration and cluster disagree, which a person has to resolve first.
    const refused = changes.filter(({ action }) => action === "refuse");
    const applied = apply && refused.length === 0;
    if (applied) await applyTopics(admin, defaultTopics, changes);
    if (options.json === true) console.log(JSON.stringify({ applied, changes }));
    else printChanges(changes, applied);
    if (refused.length > 0) process.exitCode = 1;
  } finally {
    await admin.disconnect();
  }
}

function printChanges(changes: TopicChange[], applied: boolean): void {
  printTable(
    ["topic", "partitions", "action"],
    changes.map((change) => [
      change.topic,
      "from" in change ? `${change.from} -> ${change.partitions}` : String(change.partitions),
      applied && change.action !== "unchanged" ? `${change.action}: done` : change.action,
    ]),
  );
  for (const change of changes) {
    if (change.action === "refuse") console.log(`\nrefused: ${change.reason}`);
  }
}
