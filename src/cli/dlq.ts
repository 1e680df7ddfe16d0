import { hostname, userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Command } from "commander";
import { nodeInflaters } from "../../workers/inflaters.ts";
import { abortableClient } from "../clients/clickhouse/abortable-client.ts";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { partitionNumber } from "../config/options/bounds.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { letterFilterRows } from "../config/options/letter-rows.ts";
import type { OptionValues, TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { parseCount, parseTimeMs } from "../config/parse-values.ts";
import { MillraceError } from "../core/errors.ts";
import { unlessAborted } from "../core/within.ts";
import { type LetterFilter, parseOffsets } from "../operate/dead-letters/filter.ts";
import { placeName } from "../operate/dead-letters/letter.ts";
import { planReplay } from "../operate/dead-letters/plan-replay.ts";
import { readHistory } from "../operate/dead-letters/read-history.ts";
import { groupLetters, listLetters, loadLettersOf } from "../operate/dead-letters/read-letters.ts";
import { replayDeadLetters } from "../operate/dead-letters/replay.ts";
import { type ReplayReport, sumOf } from "../operate/dead-letters/replay-report.ts";
import { createRoutes } from "../operate/dead-letters/replay-routes.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { knownPipelines } from "../run/plans.ts";
import { Shutdown } from "../run/shutdown.ts";
import { addOptions } from "./add-options.ts";
import { groupLines, letterJson, letterLines, letterPage, reportLines } from "./dead-letter-text.ts";
import { addHelpAfter } from "./help-text.ts";
import { printNotice } from "./notice.ts";
import { printTable } from "./print-table.ts";
import { untilStopped } from "./signals.ts";

const PROGRESS_MS = 2_000;
/** From a signal to the end of a replay, whatever ClickHouse does: the batch at hand is announced, the next one ends it. */
const STOP_MS = 10_000;

const listRows = commandRows["dlq list"];
const showRows = commandRows["dlq show"];
const replayRows = commandRows["dlq replay"];

/** `millrace dlq`: look at dead letters, and store them again once their cause is mended. */
export function addDlqCommand(program: Command, environment: Environment): void {
  const dlq = program.command("dlq").description("look at dead letters, and replay them once their cause is mended");
  addOptions(dlq.command("list"), listRows)
    .description("show dead letters by pipeline and reason, or one by one")
    .action((typed: TypedOptions<typeof listRows>) => {
      const options = readOptions(listRows, typed);
      return withClient(environment, (client) => runList(client, options));
    });
  addOptions(dlq.command("show <topic> <partition> <offset>"), showRows)
    .description("show a record's dead letter whole, with its document and what replays did about it")
    .action((topic: string, partition: string, offset: string, typed: TypedOptions<typeof showRows>) =>
      withClient(environment, (client) => runShow(client, [topic, partition, offset], typed.json === true)),
    );
  addHelpAfter(addOptions(dlq.command("replay"), replayRows), () => replayExitCode)
    .description("store dead letters again, under their own coordinates; never doubles a row")
    .action((typed: TypedOptions<typeof replayRows>) => {
      const options = readOptions(replayRows, { ...typed, rate: typed.rate?.replace(/\/s$/, "") });
      return withClient(environment, (client) => runReplay(client, options));
    });
  for (const command of dlq.commands) command.exitOverride();
}

const replayExitCode = "Exit code 1: some letters were rejected again or left; the report names the reasons.";

function toFilter(options: OptionValues<typeof letterFilterRows>): LetterFilter {
  const { reasons, since, until, topics, partition, offset, pipelines, services, text } = options;
  const nowMs = Date.now();
  return {
    reasons,
    sinceMs: since === undefined ? undefined : parseTimeMs("--since", since, nowMs),
    untilMs: until === undefined ? undefined : parseTimeMs("--until", until, nowMs),
    topics,
    partition,
    offsets: offset === undefined ? undefined : parseOffsets("--offset", offset),
    pipelines,
    services,
    text,
  };
}

async function withClient(environment: Environment, run: (client: ClickHouseClient) => Promise<void>): Promise<void> {
  const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 2);
  await run(client).finally(() => client.close());
}

async function runList(client: ClickHouseClient, options: OptionValues<typeof listRows>): Promise<void> {
  const filter = toFilter(options);
  if (options.each) {
    const letters = await listLetters(client, filter, options.limit);
    console.log(options.json ? JSON.stringify(letters) : letterLines(letters).join("\n") || "no dead letters");
    return;
  }
  const groups = await groupLetters(client, filter);
  if (options.json) console.log(JSON.stringify(groups));
  else if (groups.length === 0) console.log("no dead letters");
  else {
    const { header, rows } = groupLines(groups);
    printTable(header, rows);
  }
}

async function runShow(client: ClickHouseClient, typed: [string, string, string], isJson: boolean): Promise<void> {
  const [topic, partitionText, offsetText] = typed;
  const partition = parseCount("<partition>", partitionText, partitionNumber);
  const [offset] = parseOffsets("<offset>", offsetText);
  const place = { topic, partition, offset };
  const letters = await loadLettersOf(client, place);
  if (letters.length === 0) {
    throw new MillraceError(
      "E_INCOMPLETE",
      `no dead letter ${placeName(place)}; \`millrace dlq list --each\` shows which there are`,
    );
  }
  for (const letter of letters) {
    const history = await readHistory(client, letter);
    console.log(isJson ? JSON.stringify(letterJson(letter, history)) : letterPage(letter, history));
  }
}

async function runReplay(client: ClickHouseClient, options: OptionValues<typeof replayRows>): Promise<void> {
  const { usable, faults } = await knownPipelines(options.pipelineFolder);
  for (const [name, { message }] of faults) {
    printNotice("warn", `letters of the pipeline ${name} cannot be replayed: ${message}`);
  }
  const pipelines = [...usable.values()];
  const { table, limit = Number.POSITIVE_INFINITY, ratePerSecond } = options;
  const { filter, letters: count } = await planReplay(client, toFilter(options), { table, pipelines, limit });
  if (!options.dryRun && !options.yes && count > 0 && !(await confirm(count))) return;
  const shutdown = new Shutdown(untilStopped({}), STOP_MS);
  const goingOn = abortableClient(client, shutdown.over);
  const route = { client: goingOn, pipelines, table, atLeastOnce: options.atLeastOnce };
  const replaying = replayDeadLetters({
    client: goingOn,
    filter,
    routeOf: createRoutes({ ...route, inflaters: nodeInflaters }),
    who: whoAmI(),
    dryRun: options.dryRun,
    force: options.force,
    limit,
    ratePerSecond,
    signal: shutdown.stopping,
    onProgress: options.json ? () => {} : progressPrinter(count),
  });
  const report = await unlessAborted(replaying, shutdown.over);
  console.log(options.json ? JSON.stringify(report) : reportLines(report).join("\n"));
  const isComplete = !report.stopped && sumOf(report.rejected) + sumOf(report.skipped) === 0;
  if (!isComplete && !report.dryRun) process.exitCode = 1;
}

async function confirm(count: number): Promise<boolean> {
  if (process.stdin.isTTY !== true) {
    throw new MillraceError(
      "E_CONFIG",
      `${count} dead letters would be replayed: repeat the command with --yes, or look first with --dry-run`,
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
