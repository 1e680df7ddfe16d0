import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { readEvents, Unreachable } from "../clients/ingester/read-events.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { OptionValues, TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { findRunning } from "../run/run-file.ts";
import type { ConsoleState } from "../server/console/console-state.ts";
import { addOptions } from "./add-options.ts";
import { addHelpAfter, wrapHelp } from "./help-text.ts";
import { onReaderGone } from "./line-writer.ts";
import { printNotice } from "./notice.ts";
import { untilStopped } from "./signals.ts";
import { isReady, statusJson, statusLine, statusLines } from "./status-text.ts";

const rows = commandRows.status;

const DEFAULT_URL = "http://127.0.0.1:8080";
const AGAIN_MS = 2_000;

const exitCodes = { ready: 0, notReady: 1, unreachable: 3 } as const;

const help =
  "Exit code 0: records are being stored; 1: they are not, or not all, and the first line says why; 2: the input was wrong, " +
  "or the token; 3: nobody answers. The figures are those of the console, at the same address.";

/** `millrace status`: one screen about an ingester that runs. */
export function addStatusCommand(program: Command, environment: Environment): void {
  addHelpAfter(addOptions(program.command("status"), rows), () => help)
    .description("is it well, how late is it and what limits it: one screen about a running ingester")
    .action((typed: TypedOptions<typeof rows>) => runStatus(environment, readOptions(rows, typed)));
}

async function runStatus(environment: Environment, options: OptionValues<typeof rows>): Promise<void> {
  const running = findRunning(environment.dataDir);
  const url = (options.url ?? running?.httpUrl ?? DEFAULT_URL).replace(/\/$/, "");
  const end = new AbortController();
  const token = environment.httpToken;
  try {
    if (options.watches) return await watch(url, token, options.json, end);
    for await (const state of readEvents<ConsoleState>(url, token, end.signal)) {
      console.log(options.json ? JSON.stringify(statusJson(state, url)) : fit(statusLines(state, url)));
      process.exitCode = isReady(state) ? exitCodes.ready : exitCodes.notReady;
      return;
    }
    throw new Unreachable(`${url} has said nothing`);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    printNotice("error", `${error.message}\n${adviceFor(environment, options.url, running !== undefined)}`, error);
    process.exitCode = exitCodes.unreachable;
  }
}

/** What to do when nobody answers. */
function adviceFor({ dataDir }: Environment, url: string | undefined, isRunning: boolean): string {
  if (url !== undefined) return "Does it run, and was it started with this --port (and --listen)?";
  if (isRunning)
    return `The demo on ${dataDir} runs, and has no HTTP server (--no-http): start it without, to see its status.`;
  return (
    `No demo runs on ${dataDir} either: \`npm start\` starts one. Beside your own servers \`millrace start\` opens a port only ` +
    "when it is told to (--port 8080); --url names another address than this."
  );
}

/** Goes on until a signal, over restarts of the ingester. */
async function watch(url: string, token: string | undefined, isJson: boolean, end: AbortController): Promise<void> {
  void untilStopped({}).then(() => end.abort());
  onReaderGone(() => end.abort());
  const screen = new Screen(isJson, url);
  let wasSeen = false;
  while (!end.signal.aborted) {
    try {
      for await (const state of readEvents<ConsoleState>(url, token, end.signal)) {
        wasSeen = true;
        screen.show(state);
      }
    } catch (error) {
      if (end.signal.aborted) return;
      // At the first attempt it is a wrong address, or nothing runs.
      if (!(error instanceof Unreachable) || !wasSeen) throw error;
      screen.lost(error.message);
    }
    await sleep(AGAIN_MS, undefined, { signal: end.signal }).catch(() => {});
  }
}

/** Where `--watch` shows what it sees: a terminal's screen, drawn anew each time, or else a line each time. */
class Screen {
  readonly #isJson: boolean;
  readonly #url: string;
  readonly #isDrawn: boolean;
  #isClear = false;

  constructor(isJson: boolean, url: string) {
    this.#isJson = isJson;
    this.#url = url;
    this.#isDrawn = !isJson && process.stdout.isTTY === true;
  }

  show(state: ConsoleState): void {
    if (this.#isDrawn) this.#draw(statusLines(state, this.#url));
    else console.log(this.#isJson ? JSON.stringify(statusJson(state, this.#url)) : statusLine(state));
  }

  lost(message: string): void {
    const text = `${new Date().toISOString().slice(11, 19)}  ${message}; asked again every two seconds`;
    if (this.#isDrawn) this.#draw(["NO ANSWER", text]);
    else if (this.#isJson) console.log(JSON.stringify({ url: this.#url, ready: false, unreachable: message }));
    else console.log(text);
  }

  /** From the top left corner, each line to its end: without a blank screen in between, nothing flickers. */
  #draw(lines: readonly string[]): void {
    const before = this.#isClear ? "\x1b[H" : "\x1b[2J\x1b[H";
    this.#isClear = true;
    const shown = fit(lines)
      .split("\n")
      .slice(0, (process.stdout.rows ?? 50) - 1);
    process.stdout.write(`${before}${shown.map((line) => `${line}\x1b[K\n`).join("")}\x1b[J`);
  }
}

/** As wide as the terminal: what is longer goes on in the column of its text. */
function fit(lines: readonly string[]): string {
  const { isTTY, columns } = process.stdout;
  const text = lines.join("\n");
  return isTTY === true ? wrapHelp(text, columns) : text;
}
