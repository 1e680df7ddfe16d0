import type { Command } from "commander";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import { lagOf, unreadTopics } from "../clients/kafka/offsets.ts";
import type { Environment } from "../config/environment.ts";
import { counted } from "../core/counted.ts";
import {
  committedTopics,
  type GroupPartition,
  readGroupPartitions,
  readGroupState,
} from "../operate/offsets/group-offsets.ts";
import { requireBrokers, withRunningDemo } from "../run/addresses.ts";
import { createLog } from "../telemetry/log.ts";
import { addBrokersOption } from "./brokers-option.ts";
import { addHelpAfter } from "./help-text.ts";
import { runReset } from "./offsets-reset.ts";
import { addPlanOptions } from "./plan-options.ts";
import type { ResetArguments } from "./reset-faults.ts";
import { printTable } from "./table.ts";

interface ShowArguments {
  brokers?: string;
  group: string;
  topic?: string[];
  json?: boolean;
}

/** `millrace offsets show|reset`: where a group stands, and setting it elsewhere. */
export function addOffsetsCommand(program: Command, environment: Environment): void {
  const offsets = program.command("offsets").description("show a group's offsets, or set them");
  addBrokersOption(offsets.command("show"))
    .description("log bounds, committed offset, lag, ranges in flight and lost records by partition")
    .option("--group <id>", "consumer group", "millrace.events")
    .option("--topic <name...>", "topics (default: those that the group has committed)")
    .option("--json", "print JSON")
    .action((typed: ShowArguments) => runShow(environment, typed));
  addHelpAfter(addPlanOptions(addBrokersOption(offsets.command("reset"))), () => resetHelp)
    .description("set a stopped group's committed offsets")
    .requiredOption("--group <id>", "consumer group; must have no members")
    .requiredOption("--topic <name>", "topic")
    .requiredOption(
      "--to <where>",
      "earliest, latest, an offset, +N or -N from the committed one, a time (ISO 8601) or a duration before now (2h)",
    )
    .option("--partition <n...>", "partitions (default: all)")
    .option("--dry-run", "print what would be done, change nothing")
    .option("--yes", "do it")
    .option("--discard-intents", "forget ranges that a stopped instance may have stored beyond the committed offset")
    .option("--allow-duplicates", "go on although stored rows will be stored once more")
    .option("--no-record", "do not note skipped records as a known gap in ClickHouse")
    .option("--json", "print JSON")
    .action((typed: ResetArguments) => runReset(environment, typed));
  for (const command of offsets.commands) command.exitOverride();
}

const resetHelp =
  "Forwards skips records: they are noted as a known gap, so that millrace reconcile does not miss them (needs " +
  "CLICKHOUSE_URL). Backwards reads records again: their ranges are cut differently, so ClickHouse does not recognise " +
  "the repeat and rows that are stored already are doubled. It is refused unless the tables have no row of these " +
  "offsets; the message says how to get there.";

async function runShow(given: Environment, typed: ShowArguments): Promise<void> {
  const environment = withRunningDemo(given, typed.brokers);
  const brokers = requireBrokers(environment, typed.brokers);
  const admin = await connectCommandAdmin(
    commandKafkaConfig(brokers, "millrace-offsets", createLog(environment.logLevel), environment.kafkaSecurity),
  );
  try {
    const topics = typed.topic ?? (await committedTopics(admin, typed.group));
    const state = await readGroupState(admin, typed.group);
    const partitions = await readGroupPartitions(admin, typed.group, topics);
    if (typed.json === true) {
      const lines = partitions.map((partition) => ({ ...partition, lag: lagOf(partition) }));
      console.log(JSON.stringify({ group: typed.group, ...state, partitions: lines }));
      return;
    }
    const header = ["topic", "partition", "log start", "log end", "committed", "lag", "lost", "in flight"];
    printTable(header, partitions.map(toLine));
    const unread = unreadTopics(topics, partitions);
    if (unread.length > 0) console.log(`\nnot in the cluster, or without a leader: ${unread.join(", ")}`);
    console.log(`\ngroup ${typed.group}: ${state.state}, ${counted(state.members, "member")}\n\n${hints.join("\n")}`);
  } finally {
    await admin.disconnect();
  }
}

const hints = [
  "lost: retention deleted records between the committed offset and the log's start before this group read them.",
  "in flight: ranges that are being stored, or were when their owner stopped; the next owner stores them again first.",
];

function toLine(partition: GroupPartition): string[] {
  const { topic, logStart, logEnd, committed, lost } = partition;
  const figures = [partition.partition, logStart, logEnd, committed ?? "-", lagOf(partition), lost].map(String);
  return [topic, ...figures, describeIntents(partition)];
}

function describeIntents({ intents, metadata }: GroupPartition): string {
  if (intents === undefined) return `unreadable: ${JSON.stringify(metadata.slice(0, 40))}`;
  if (intents.length === 0) return "-";
  const [first, last] = [intents[0]!, intents.at(-1)!];
  return `${first.firstOffset}-${last.lastOffset}${intents.length === 1 ? "" : ` (${intents.length} ranges)`}`;
}
