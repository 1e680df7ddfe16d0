import type { Command } from "commander";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import { lagOf, unreadTopics } from "../clients/kafka/offsets.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { OptionValues, TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { counted } from "../core/counted.ts";
import {
  committedTopics,
  type GroupPartition,
  readGroupPartitions,
  readGroupState,
} from "../operate/offsets/group-offsets.ts";
import { requireBrokers, withRunningDemo } from "../run/addresses.ts";
import { createLog } from "../telemetry/log.ts";
import { addOptions } from "./add-options.ts";
import { addHelpAfter } from "./help-text.ts";
import { runReset } from "./offsets-reset.ts";
import { printTable } from "./print-table.ts";

const showRows = commandRows["offsets show"];
const resetRows = commandRows["offsets reset"];

/** `millrace offsets show|reset`: where a group stands, and setting it elsewhere. */
export function addOffsetsCommand(program: Command, environment: Environment): void {
  const offsets = program.command("offsets").description("show a group's offsets, or set them");
  addOptions(offsets.command("show"), showRows)
    .description("log bounds, committed offset, lag, ranges in flight and lost records by partition")
    .action((typed: TypedOptions<typeof showRows>) => runShow(environment, readOptions(showRows, typed)));
  addHelpAfter(addOptions(offsets.command("reset"), resetRows), () => resetHelp)
    .description("set a stopped group's committed offsets")
    .action((typed: TypedOptions<typeof resetRows>) => runReset(environment, readOptions(resetRows, typed)));
  for (const command of offsets.commands) command.exitOverride();
}

const resetHelp =
  "Forwards skips records: they are noted as a known gap, so that millrace reconcile does not miss them (needs " +
  "CLICKHOUSE_URL). Backwards reads records again: their ranges are cut differently, so ClickHouse does not recognise " +
  "the repeat and rows that are stored already are doubled. It is refused unless the tables have no row of these " +
  "offsets; the message says how to get there.";

async function runShow(given: Environment, options: OptionValues<typeof showRows>): Promise<void> {
  const environment = withRunningDemo(given, options.brokers);
  const brokers = requireBrokers(environment, options.brokers);
  const admin = await connectCommandAdmin(
    commandKafkaConfig(brokers, "millrace-offsets", createLog(environment.logLevel), environment.kafkaSecurity),
  );
  try {
    const topics = options.topics ?? (await committedTopics(admin, options.group));
    const state = await readGroupState(admin, options.group);
    const partitions = await readGroupPartitions(admin, options.group, topics);
    if (options.json) {
      const lines = partitions.map((partition) => ({ ...partition, lag: lagOf(partition) }));
      console.log(JSON.stringify({ group: options.group, ...state, partitions: lines }));
      return;
    }
    const header = ["topic", "partition", "log start", "log end", "committed", "lag", "lost", "in flight"];
    printTable(header, partitions.map(toLine));
    const unread = unreadTopics(topics, partitions);
    if (unread.length > 0) console.log(`\nnot in the cluster, or without a leader: ${unread.join(", ")}`);
    console.log(`\ngroup ${options.group}: ${state.state}, ${counted(state.members, "member")}\n\n${hints.join("\n")}`);
  } finally {
    await admin.disconnect();
  }
}

const hints = [
  "lost: retention deleted records between the committed offset and the log's start before this group read them.",
  "in flight: ranges that are being stored, or were when their owner stopped; the next owner stores them again first.",
  "stored: of these, not to be stored again; the offset cannot move over them before those in front are stored.",
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
  const storedCount = intents.filter(({ isStored }) => isStored === true).length;
  const counts = [
    ...(intents.length === 1 ? [] : [`${intents.length} ranges`]),
    ...(storedCount === 0 ? [] : [`${storedCount} stored`]),
  ];
  return `${first.firstOffset}-${last.lastOffset}${counts.length === 0 ? "" : ` (${counts.join(", ")})`}`;
}
