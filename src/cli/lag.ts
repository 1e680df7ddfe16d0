import type { Command } from "commander";
import type { Admin } from "kafkajs";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import { lagOf, type PartitionOffsets, readOffsets, totalLag, unreadTopics } from "../clients/kafka/offsets.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { committedTopics } from "../operate/offsets/group-offsets.ts";
import { requireBrokers, withRunningDemo } from "../run/addresses.ts";
import { createLog } from "../telemetry/log.ts";
import { addOptions } from "./add-options.ts";
import { printTable } from "./print-table.ts";

const hints = [
  "lag falls: the ingester catches up. lag grows: it is slower than the producers, or stopped.",
  "one partition lags alone: skewed keys, or a record there that is retried (see the log).",
  "committed '-': the group has never committed here; it starts at the log's start.",
];

/** `millrace lag`: what the group has not committed yet, by partition (S0-94). */
export function addLagCommand(program: Command, given: Environment): void {
  addOptions(program.command("lag"), commandRows.lag)
    .description("show log end, committed offset and lag by partition")
    .action(async (typed: TypedOptions<typeof commandRows.lag>) => {
      const options = readOptions(commandRows.lag, typed);
      const environment = withRunningDemo(given, options.brokers);
      const brokers = requireBrokers(environment, options.brokers);
      const admin = await connectCommandAdmin(
        commandKafkaConfig(brokers, "millrace-lag", createLog(environment.logLevel), environment.kafkaSecurity),
      );
      const { topics, offsets } = await readLag(admin, options).finally(() => admin.disconnect());
      const total = totalLag(offsets);
      if (options.json) {
        const partitions = offsets.map((partition) => ({ ...partition, lag: lagOf(partition) }));
        console.log(JSON.stringify({ group: options.group, totalLag: total, partitions }));
        return;
      }
      printTable(["topic", "partition", "log end", "committed", "lag"], offsets.map(toLine));
      const unread = unreadTopics(topics, offsets);
      if (unread.length > 0) console.log(`\nnot in the cluster, or without a leader: ${unread.join(", ")}`);
      console.log(`\ntotal lag ${total}\n\n${hints.join("\n")}`);
    });
}

async function readLag(
  admin: Admin,
  { group, topics: named }: { group: string; topics: string[] | undefined },
): Promise<{ topics: string[]; offsets: PartitionOffsets[] }> {
  const topics = named ?? (await committedTopics(admin, group));
  return { topics, offsets: await readOffsets(admin, group, topics) };
}

function toLine(offsets: PartitionOffsets): string[] {
  const { topic, partition, logEnd, committed } = offsets;
  return [topic, String(partition), String(logEnd), String(committed ?? "-"), String(lagOf(offsets))];
}
