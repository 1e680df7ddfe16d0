import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Command } from "commander";
import type { Admin, KafkaConfig } from "kafkajs";
import { nodeInflaters } from "../../workers/inflaters.ts";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { commandKafkaConfig, connectCommandAdmin } from "../clients/kafka/command-admin.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { OptionValues, TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { MillraceError } from "../core/errors.ts";
import { decodeValue } from "../operate/tail/decode-value.ts";
import { findTarget, type TailTarget } from "../operate/tail/find-target.ts";
import { firstOffsets, parseTailStart } from "../operate/tail/first-offsets.ts";
import { type Match, matches, parseMatch } from "../operate/tail/match.ts";
import { TableReader } from "../operate/tail/table-reader.ts";
import { TopicReader } from "../operate/tail/topic-reader.ts";
import { clickHouseAddress, requireBrokers, requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { deadLetterTable } from "../schema/pipeline.ts";
import { createLog } from "../telemetry/log.ts";
import { addOptions } from "./add-options.ts";
import { addHelpAfter } from "./help-text.ts";
import { onReaderGone, writeLine } from "./line-writer.ts";
import { printNotice } from "./notice.ts";
import { untilStopped } from "./signals.ts";
import { letterLine, recordJson, recordLine, rowLine } from "./tail-text.ts";

const rows = commandRows.tail;

type TailOptions = OptionValues<typeof rows>;

const IDLE_FIRST_MS = 250;
const IDLE_MAX_MS = 1_000;
const TABLE_EVERY_MS = 1_000;

const help =
  "A topic is read without a group and by small fetches: no offset is committed, and the ingester does not notice. A table " +
  "is followed by a time column, a look a second into its newest parts; of more than 500 new rows in a second the newest are " +
  "shown. Ctrl-C ends it.\n\nmillrace tail logs.auth --match event_name=login_failed\n" +
  "millrace tail logs.auth --from 5m --no-follow --json | jq .value\nmillrace tail analytics.fact_event --match service=auth\n" +
  "millrace tail dead-letters";

/** `millrace tail`: what comes in, what is stored, and what became a dead letter, while it does. */
export function addTailCommand(program: Command, environment: Environment): void {
  addHelpAfter(addOptions(program.command("tail"), rows), () => help)
    .description("show records of a topic, rows of a table, or dead letters, as they come")
    .argument("<name>", "a topic, a table (database.table), or dead-letters")
    .action((name: string, typed: TypedOptions<typeof rows>) => runTail(environment, name, readOptions(rows, typed)));
}

/** Where lines go, and when it is over. */
interface Output {
  options: TailOptions;
  wanted: readonly Match[];
  /** Aborts at a signal, at the limit, and when nobody reads any more. */
  end: AbortController;
  shown: number;
}

async function runTail(given: Environment, name: string, options: TailOptions): Promise<void> {
  const environment = withRunningDemo(given, options.brokers);
  const output: Output = {
    options,
    wanted: (options.matches ?? []).map(parseMatch),
    end: new AbortController(),
    shown: 0,
  };
  if (options.from !== undefined) parseTailStart(options.from, Date.now());
  void untilStopped({}).then(() => output.end.abort());
  onReaderGone(() => output.end.abort());
  const servers = openServers(environment, options);
  try {
    const target = await findTarget(name, options.kind, servers);
    if (target.kind === "topic") await tailTopic(target.topic, await servers.admin!(), servers.kafka!, output);
    else await tailTable(target, servers.client!, output);
  } catch (error) {
    // What is under way when it ends may fail because of that.
    if (!output.end.signal.aborted) throw error;
  } finally {
    await servers.close();
  }
}

/** Both servers, as far as their addresses are known. Kafka is connected to when it is asked. */
function openServers(environment: Environment, { brokers, kind }: TailOptions) {
  const hasKafka = kind !== "table" && (brokers !== undefined || environment.kafkaBrokers !== undefined);
  const { clickHouseUrl } = environment;
  if (kind === "table" || (!hasKafka && clickHouseUrl === undefined)) requireClickHouse(environment);
  const log = createLog(environment.logLevel);
  const kafka: KafkaConfig | undefined =
    hasKafka || kind === "topic"
      ? commandKafkaConfig(requireBrokers(environment, brokers), "millrace-tail", log, environment.kafkaSecurity)
      : undefined;
  const client: ClickHouseClient | undefined =
    clickHouseUrl === undefined || kind === "topic"
      ? undefined
      : connectClickHouse(clickHouseAddress(environment, clickHouseUrl), 1);
  let connecting: Promise<Admin> | undefined;
  const connect = () => (connecting ??= connectCommandAdmin(kafka!));
  return {
    ...{ kafka, client, admin: kafka === undefined ? undefined : connect },
    async close() {
      await connecting?.then((admin) => admin.disconnect()).catch(() => {});
      await client?.close();
    },
  };
}

async function tailTopic(topic: string, admin: Admin, kafka: KafkaConfig, output: Output): Promise<void> {
  const { options, end } = output;
  if (options.by !== undefined) throw new MillraceError("E_CONFIG", `--by is for tables, and ${topic} is a topic`);
  const start = parseTailStart(options.from ?? "end", Date.now());
  const next = await firstOffsets(admin, topic, start, options.partitions);
  const reader = new TopicReader({ kafka, admin, topic, next, inflaters: nodeInflaters });
  try {
    for (let idleMs = IDLE_FIRST_MS; !end.signal.aborted; ) {
      let isIdle = true;
      for await (const records of reader.round((text) => printNotice("warn", text))) {
        isIdle = false;
        for (const record of records) {
          const value = decodeValue(record.value);
          if (!matches(value !== null && "document" in value ? value.document : undefined, output.wanted)) continue;
          const line = options.json ? JSON.stringify(recordJson(record, value)) : recordLine(record, value);
          if (!(await show(line, output))) return;
        }
      }
      if (isIdle && !options.follows) return;
      if (isIdle) await pause(idleMs, end.signal);
      idleMs = isIdle ? Math.min(IDLE_MAX_MS, idleMs * 2) : IDLE_FIRST_MS;
    }
  } finally {
    await reader.close();
  }
}

async function tailTable(
  { database, table }: Extract<TailTarget, { kind: "table" }>,
  client: ClickHouseClient,
  output: Output,
): Promise<void> {
  const { options, wanted, end } = output;
  const reader = await TableReader.open({
    ...{ client, database, table, by: options.by, matches: [...wanted, ...partitionMatch(options)] },
    fromMs: tableStart(options.from),
  });
  const isLetters = `${database}.${table}` === deadLetterTable;
  while (!end.signal.aborted) {
    const { rows: found, isCut } = await reader.round();
    if (isCut) printNotice("warn", `more rows came than are shown here: the newest ${found.length} follow`);
    for (const row of found) {
      const line = isLetters ? letterLine(row) : rowLine(row, reader.by);
      if (!(await show(options.json ? JSON.stringify(row) : line, output))) return;
    }
    if (!options.follows) return;
    await pause(TABLE_EVERY_MS, end.signal);
  }
}

/** A table with the record's place in it can be asked for a partition, too. */
function partitionMatch({ partitions }: TailOptions): Match[] {
  if (partitions === undefined) return [];
  if (partitions.length > 1)
    throw new MillraceError("E_CONFIG", "--partition: of a table one partition can be asked for");
  return [{ field: "kafka_partition", value: String(partitions[0]) }];
}

function tableStart(from: string | undefined): number | undefined {
  if (from === undefined) return undefined;
  const start = parseTailStart(from, Date.now());
  if (start.at === "time") return start.timeMs;
  if (start.at === "end") return Date.now();
  throw new MillraceError(
    "E_CONFIG",
    "--from beginning is for topics: a table is followed from its newest rows, and `millrace query` reads all of it",
  );
}

/** Writes a line; false when it was the last. */
async function show(line: string, output: Output): Promise<boolean> {
  const { options, end } = output;
  if (end.signal.aborted) return false;
  await writeLine(line, options.full || options.json, end.signal);
  output.shown += 1;
  return options.limit === undefined || output.shown < options.limit;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
