import { hostname, userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Command } from "commander";
import { nodeInflaters } from "../../workers/inflaters.ts";
import { abortableClient } from "../clients/clickhouse/abortable-client.ts";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { parseCount, parseTimeMs } from "../config/values.ts";
import { MillraceError } from "../core/errors.ts";
import { unlessAborted } from "../core/within.ts";
import { groupLines, letterJson, letterLines, letterPage, reportLines } from "../operate/dead-letters/describe.ts";
import { type LetterFilter, parseOffsets } from "../operate/dead-letters/filter.ts";
import { placeName } from "../operate/dead-letters/letter.ts";
import { readHistory } from "../operate/dead-letters/read-history.ts";
import { countOpenLetters, groupLetters, listLetters, loadLettersOf } from "../operate/dead-letters/read-letters.ts";
import { refuseUnknownTable } from "../operate/dead-letters/refuse-unknown-table.ts";
import { replayDeadLetters } from "../operate/dead-letters/replay.ts";
import { type ReplayReport, sumOf } from "../operate/dead-letters/replay-report.ts";
import { createRoutes } from "../operate/dead-letters/routes.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { knownPipelines } from "../run/plans.ts";
import { Shutdown } from "../run/shutdown.ts";
import type { Pipeline } from "../schema/pipeline.ts";
import { addHelpAfter } from "./help-text.ts";
import { untilStopped } from "./signals.ts";
import { printTable } from "./table.ts";
import { tell } from "./tell.ts";

const PROGRESS_MS = 2_000;
const COUNT_MAX = 1_000_000_000;
/** From a signal to the end of a replay, whatever ClickHouse does: the batch at hand is announced, the next one ends it. */
const STOP_MS = 10_000;

interface FilterFlags {
  reason?: string[];
  since?: string;
  until?: string;
  topic?: string[];
  partition?: string;
  offset?: string;
  pipeline?: string[];
  service?: string[];
  text?: string;
  json?: true;
}

interface ListFlags extends FilterFlags {
  each?: true;
  limit: string;
}

interface ReplayFlags extends FilterFlags {
  pipelines: string;
  table?: string;
  dryRun?: true;
  force?: true;
  atLeastOnce?: true;
  yes?: true;
  limit?: string;
  rate: string;
}

/** `millrace dlq`: look at dead letters, and store them again once their cause is mended. */
export function addDlqCommand(program: Command, environment: Environment): void {
  const dlq = program.command("dlq").description("look at dead letters, and replay them once their cause is mended");
  addFilterOptions(dlq.command("list"))
    .description("show dead letters by pipeline and reason, or one by one")
    .option("--each", "one by one, the latest first")
    .option("--limit <n>", "letters to show with --each", "50")
    .action((flags: ListFlags) => withClient(environment, (client) => runList(client, flags)));
  dlq
    .command("show <topic> <partition> <offset>")
    .description("show a record's dead letter whole, with its document and what replays did about it")
    .option("--json", "print JSON, one line for each pipeline and group that has rejected the record")
    .action((topic: string, partition: string, offset: string, flags: { json?: true }) =>
      withClient(environment, (client) => runShow(client, [topic, partition, offset], flags.json === true)),
    );
  addHelpAfter(addFilterOptions(dlq.command("replay")), () => replayExitCode)
    .description("store dead letters again, under their own coordinates; never doubles a row")
    .option("--dry-run", "say what would happen and write nothing")
    .option("--limit <n>", "letters to look at, at most (default: all)")
    .option("--rate <n>", "letters a second", "1000")
    .option("--pipelines <dir>", "folder of pipeline files", "ops/pipelines")
    .option(
      "--table <database.table>",
      "take only the letters of what writes into this table, `start --topic … --table …` too",
    )
    .option("--force", "take letters again that replays have rejected three times")
    .option("--at-least-once", "go on when the target table cannot promise that no row is doubled")
    .option("--yes", "do not ask")
    .action((flags: ReplayFlags) => withClient(environment, (client) => runReplay(client, flags)));
  for (const command of dlq.commands) command.exitOverride();
}

const replayExitCode = "Exit code 1: some letters were rejected again or left; the report names the reasons.";

function addFilterOptions(command: Command): Command {
  return command
    .option("--reason <type...>", "error_type")
    .option("--since <when>", "rejected since: a duration before now (10m, 7d) or a time (2026-07-01T10:30:00Z)")
    .option("--until <when>", "rejected before, likewise")
    .option("--topic <name...>", "topic of the record")
    .option("--partition <n>", "partition of the record")
    .option("--offset <n>", "offset of the record, or a range: 17-93")
    .option("--pipeline <name...>", "pipeline that rejected it")
    .option("--service <name...>", "service that the document names")
    .option("--text <text>", "occurs in the document or in the message")
    .option("--json", "print JSON");
}

function toFilter(flags: FilterFlags): LetterFilter {
  const { reason, since, until, topic, partition, offset, pipeline, service, text } = flags;
  const nowMs = Date.now();
  return {
    reasons: reason,
    sinceMs: since === undefined ? undefined : parseTimeMs("--since", since, nowMs),
    untilMs: until === undefined ? undefined : parseTimeMs("--until", until, nowMs),
    topics: topic,
    partition: partition === undefined ? undefined : parseCount("--partition", partition, { min: 0, max: COUNT_MAX }),
    offsets: offset === undefined ? undefined : parseOffsets("--offset", offset),
    pipelines: pipeline,
    services: service,
    text,
  };
}

async function withClient(environment: Environment, run: (client: ClickHouseClient) => Promise<void>): Promise<void> {
  const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 2);
  await run(client).finally(() => client.close());
}

async function runList(client: ClickHouseClient, flags: ListFlags): Promise<void> {
  const filter = toFilter(flags);
  if (flags.each === true) {
    const letters = await listLetters(client, filter, parseCount("--limit", flags.limit, { min: 1, max: COUNT_MAX }));
    console.log(flags.json === true ? JSON.stringify(letters) : letterLines(letters).join("\n") || "no dead letters");
    return;
  }
  const groups = await groupLetters(client, filter);
  if (flags.json === true) console.log(JSON.stringify(groups));
  else if (groups.length === 0) console.log("no dead letters");
  else {
    const { header, rows } = groupLines(groups);
    printTable(header, rows);
  }
}

async function runShow(client: ClickHouseClient, typed: [string, string, string], isJson: boolean): Promise<void> {
  const [topic, partitionText, offsetText] = typed;
  const partition = parseCount("<partition>", partitionText, { min: 0, max: COUNT_MAX });
  const [offset] = parseOffsets("<offset>", offsetText);
  const place = { topic, partition, offset };
  const letters = await loadLettersOf(client, place);
  if (letters.length === 0) {
    throw new MillraceError(
      "E_INCOMPLETE",
      `no dead letter ${placeName(place)}; \`millrace dlq list --each\` has some`,
    );
  }
  for (const letter of letters) {
    const history = await readHistory(client, letter);
    console.log(isJson ? JSON.stringify(letterJson(letter, history)) : letterPage(letter, history));
  }
}

async function runReplay(client: ClickHouseClient, flags: ReplayFlags): Promise<void> {
  const { usable, faults } = await knownPipelines(flags.pipelines);
  for (const [name, { message }] of faults) {
    tell("warn", `letters of the pipeline ${name} cannot be replayed: ${message}`);
  }
  const pipelines = [...usable.values()];
  const target =
    flags.table === undefined ? undefined : { table: flags.table, writers: writersOf(flags.table, pipelines) };
  const filter = { ...toFilter(flags), targets: target?.writers };
  const limit = flags.limit === undefined ? COUNT_MAX : parseCount("--limit", flags.limit, { min: 1, max: COUNT_MAX });
  const ratePerSecond = parseCount("--rate", flags.rate.replace(/\/s$/, ""), { min: 1, max: 1_000_000 });
  const count = Math.min(limit, await countOpenLetters(client, filter));
  if (count === 0 && target !== undefined) await refuseUnknownTable(client, target, pipelines);
  if (flags.dryRun !== true && flags.yes !== true && count > 0 && !(await confirm(count))) return;
  const shutdown = new Shutdown(untilStopped({}), STOP_MS);
  const goingOn = abortableClient(client, shutdown.over);
  const options = { client: goingOn, pipelines, table: flags.table, atLeastOnce: flags.atLeastOnce === true };
  const replaying = replayDeadLetters({
    client: goingOn,
    filter,
    routeOf: createRoutes({ ...options, inflaters: nodeInflaters }),
    who: whoAmI(),
    dryRun: flags.dryRun === true,
    force: flags.force === true,
    limit,
    ratePerSecond,
    signal: shutdown.stopping,
    onProgress: flags.json === true ? () => {} : progressPrinter(count),
  });
  const report = await unlessAborted(replaying, shutdown.over);
  console.log(flags.json === true ? JSON.stringify(report) : reportLines(report).join("\n"));
  const isComplete = !report.stopped && sumOf(report.rejected) + sumOf(report.skipped) === 0;
  if (!isComplete && !report.dryRun) process.exitCode = 1;
}

/** Names of the pipelines whose letters are replayed into the table. That of `start --topic … --table …` is the table's. */
function writersOf(table: string, pipelines: readonly Pipeline[]): string[] {
  return [table, ...pipelines.filter((pipeline) => pipeline.table === table).map(({ name }) => name)];
}

async function confirm(count: number): Promise<boolean> {
  if (process.stdin.isTTY !== true) {
    throw new MillraceError(
      "E_CONFIG",
      `${count} dead letters would be replayed: repeat it with --yes, or look first with --dry-run`,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Replay ${count} dead letters? [y/N] `).finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
}

/** On standard error, so that the report can be piped: a line every two seconds. */
function progressPrinter(count: number): (report: ReplayReport) => void {
  let printedMs = performance.now();
  return ({ taken, stored, rejected, skipped }) => {
    if (performance.now() - printedMs < PROGRESS_MS) return;
    printedMs = performance.now();
    const others = `rejected ${sumOf(rejected)}, left ${sumOf(skipped)}`;
    console.error(`${taken} of ${count} letters: stored ${stored}, ${others}`);
  };
}

/** Who it was, for the log of replays. An account without a name in the system's table has only its number. */
function whoAmI(): string {
  const name = () => userInfo().username;
  try {
    return `${name()}@${hostname()}`;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}@${hostname()}`;
  }
}
