/**
 * What does an open console cost in memory? The ingester's heap after a collection, and its resident memory, under a steady
 * load: first with nobody watching, then with two pages, one that reads slowly and one that reads nothing.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { printTable } from "../../src/cli/print-table.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { parseCount } from "../../src/config/parse-values.ts";
import { parseStartArguments } from "../../src/config/start-options.ts";
import type { RunFace } from "../../src/run/run-face.ts";
import { runIngester } from "../../src/run/run-ingester.ts";
import { type IngesterServer, openIngesterServer } from "../../src/server/ingester-server.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { median } from "../e2e/rounds.ts";
import { type CostRun, compareWatched } from "./cost.ts";

const help = `npm run bench:watch -- [options]: memory of an ingester whose console is watched, or what the watching costs

  --cost         drain a backlog with and without watchers and scrapes, in turns, instead
  --events <n>   of that backlog (default: 2000000)
  --rounds <n>   of each (default: 3)
  --before <n>   seconds without a watcher, after two minutes of warm-up (default: 120)
  --seconds <n>  seconds with four (default: 600)
  --eps <n>      events per second (default: 5000)
  --help         this text
`;
const WARM_UP_SECONDS = 120;
const EVERY_SECONDS = 10;
const MIB = 1024 * 1024;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

interface Memory {
  heapMiB: number;
  buffersMiB: number;
  rssMiB: number;
}

/** Of one minute. */
async function measure(): Promise<Memory> {
  const taken: Memory[] = [];
  for (let second = 0; second < 60; second += EVERY_SECONDS) {
    await sleep(EVERY_SECONDS * 1000);
    collect();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    taken.push({ heapMiB: heapUsed / MIB, buffersMiB: arrayBuffers / MIB, rssMiB: rss / MIB });
  }
  const mean = (name: keyof Memory) => taken.reduce((sum, one) => sum + one[name], 0) / taken.length;
  return { heapMiB: mean("heapMiB"), buffersMiB: mean("buffersMiB"), rssMiB: mean("rssMiB") };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      before: { type: "string", default: "120" },
      seconds: { type: "string", default: "600" },
      eps: { type: "string", default: "5000" },
      cost: { type: "boolean" },
      events: { type: "string", default: "2000000" },
      rounds: { type: "string", default: "3" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return void process.stdout.write(help);
  if (values.cost === true) {
    const events = parseCount("--events", values.events, { min: 1, max: 1e9 });
    return await printCost(events, parseCount("--rounds", values.rounds, { min: 1, max: 100 }));
  }
  const [before, seconds] = [values.before, values.seconds].map((text) =>
    parseCount("--seconds", text, { min: 60, max: 86_400 }),
  ) as [number, number];
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-watch-"));
  const server = await openIngesterServer({ port: 0, address: "127.0.0.1", token: undefined }, "bench");
  const { promise: asked, resolve: ask } = Promise.withResolvers<string>();
  const { promise: running, resolve: begun } = Promise.withResolvers<void>();
  const run = runIngester({
    ...{ environment: readEnvironment({ MILLRACE_DIR: dataDir }), log: createLog("silent"), asked },
    options: parseStartArguments({ profile: "mid", vcpus: "2", eps: values.eps, json: true }, { areEmbedded: true }),
    face: faceOf(server, begun),
  });
  await Promise.race([running, run]);
  await sleep(WARM_UP_SECONDS * 1000);
  const rows: string[][] = [];
  const watch = async (who: string, forSeconds: number) => {
    for (let minute = 1; minute <= forSeconds / 60; minute += 1) {
      const { heapMiB, buffersMiB, rssMiB } = await measure();
      rows.push([who, String(minute), ...[heapMiB, buffersMiB, rssMiB].map((value) => value.toFixed(1))]);
      process.stderr.write(`${rows.at(-1)!.join("  ")}\n`);
    }
  };
  await watch("nobody", before);
  const watchers = spawn(process.execPath, [join(import.meta.dirname, "watchers.ts"), server.url], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  await watch("four watchers", seconds);
  watchers.stdin.end();
  ask("the bench is over");
  await run;
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
  printTable(["watched by", "minute", "heap MiB", "buffers MiB", "resident MiB"], rows);
}

/** @throws MillraceError E_INCOMPLETE when a drain lost or doubled a row. */
async function printCost(events: number, rounds: number): Promise<void> {
  const runs: CostRun[] = [];
  const entry = join(import.meta.dirname, "../../src/millrace.mjs");
  await compareWatched({ events, rounds, entry }, (run) => {
    runs.push(run);
    process.stderr.write(`${run.watched ? "watched" : "alone"}: ${JSON.stringify(run.figures)}\n`);
  });
  const of = (figure: string, watched: boolean) =>
    median(runs.filter((run) => run.watched === watched).map(({ figures }) => figures[figure]!)) ?? Number.NaN;
  const rows = Object.keys(runs[0]!.figures).map((figure) => {
    const [alone, watched] = [of(figure, false), of(figure, true)];
    return [figure, alone.toFixed(2), watched.toFixed(2), (watched / alone).toFixed(3)];
  });
  printTable(["median of the rounds", "alone", "watched", "watched / alone"], rows);
}

function faceOf(server: IngesterServer, begun: () => void): RunFace {
  return {
    starting: () => () => {},
    serversReady() {},
    running(run) {
      server.attach(run);
      begun();
      return () => server.ending("the bench is over");
    },
    stopping: (reason) => server.ending(reason),
    reported() {},
  };
}

await main();
