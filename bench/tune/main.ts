import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { hideNegativeTimeoutWarnings } from "../../src/cli/quiet-warnings.ts";
import { formatTable } from "../../src/cli/table.ts";
import {
  defaultProfileFolder,
  type ProfileName,
  type ProfileValues,
  profileFor,
  profileNames,
} from "../../src/config/profiles.ts";
import { parseChoice, parseCount } from "../../src/config/values.ts";
import { errorCodes, MillraceError } from "../../src/core/errors.ts";
import { defaultTranscoder, type InsertFormat, insertFormats, transcoderNames } from "../../src/core/transcoding.ts";
import { describeMachine } from "../common/machine.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { coresFor, runPinned } from "../common/pinned.ts";
import { appendResults, resultFile } from "../common/result-file.ts";
import { type BenchServers, startBenchServers } from "../common/servers.ts";
import { runStep } from "../latency/step.ts";
import { judge } from "../latency/verdict.ts";
import { type CodecFigures, measureCodec, smallestGoodSize } from "./codec-cases.ts";
import { fillTopics, runDrain } from "./drain-run.ts";
import type { Figures } from "./figures.ts";
import { writeProfilesFile } from "./profiles-file.ts";
import { type Runs, type TunedProfile, tuneProfiles } from "./tune-profiles.ts";

/** Question: which flush limits, workers and inserts serve a vCPU budget best, for each of the three profiles? */

const script = fileURLToPath(import.meta.url);
hideNegativeTimeoutWarnings();

interface Typed {
  vcpus: string;
  quick: boolean;
  events?: string;
  seconds?: string;
  profiles: string;
  minutes: string;
  transcoder: string;
  insertFormats: string;
  out: string;
  results: string;
  pinned?: boolean;
}

const typed = new Command("bench:tune")
  .description("sweep flush limits, workers and inserts on so many cores, and write ops/profiles/<vcpus>.json")
  .requiredOption("--vcpus <n>", "cores to pin everything to: ingester, ClickHouse, broker and load generator")
  .option("--quick", "few values, short runs: shows that it works, not what is best", false)
  .option("--events <n>", "events of a drain (default: what takes about four seconds)")
  .option("--seconds <n>", "seconds of a paced run (default: 8, with --quick 3)")
  .option("--profiles <name,…>", "profiles to tune; the others keep their values", profileNames.join(","))
  .option("--minutes <n>", "begin no run after this time", "9.5")
  .option("--transcoder <name>", transcoderNames.join(" or "), defaultTranscoder)
  .option("--insert-formats <name,…>", `formats to try: ${insertFormats.join(", ")}`, "rowbinary")
  .option("--out <dir>", "folder of the profile files", defaultProfileFolder)
  .option("--results <file>", "NDJSON to append every run to", resultFile("tune"))
  .addOption(new Option("--pinned").hideHelp())
  .parse()
  .opts<Typed>();

try {
  const vcpus = parseCount("--vcpus", typed.vcpus, { min: 1, max: 64 });
  if (typed.pinned === true) await tune(vcpus);
  else process.exitCode = await runPinned(coresFor(vcpus).inside, script, [...process.argv.slice(2), "--pinned"]);
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = errorCodes[error.code].exit;
}

async function tune(vcpus: number): Promise<void> {
  const startMs = Date.now();
  const say = (line: string) => process.stderr.write(`${Math.round((Date.now() - startMs) / 1_000)} s  ${line}\n`);
  const transcoder = parseChoice("--transcoder", typed.transcoder, transcoderNames);
  const formats = typed.insertFormats.split(",").map((name) => parseChoice("--insert-formats", name, insertFormats));
  const names = typed.profiles.split(",").map((name) => parseChoice("--profiles", name, profileNames));
  const machine = describeMachine();
  const servers = await startBenchServers("embedded");
  const forget = closeOnSignal(servers.close);
  try {
    say(`codec: ${transcoder}, ${formats[0]}`);
    const codec = await measureCodec(servers.client, {
      sizes: typed.quick ? [1_000, 5_000, 20_000] : [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000],
      caseMs: typed.quick ? 200 : 1_000,
      transcoder,
      insertFormat: formats[0]!,
    });
    printCodec(codec);
    const present = presentValues(vcpus, formats[0]!);
    const tuned = await tuneProfiles({
      vcpus,
      start: present,
      names,
      runs: await makeRuns(servers, vcpus, ["--transcoder", transcoder], say),
      insertFormats: formats,
      flushRowsMin: smallestGoodSize(codec),
      quick: typed.quick,
      hasTime: (name) => Date.now() - startMs < timeShare(name) * Number(typed.minutes) * 60_000,
      onProfile: (name) => say(`profile ${name}`),
    });
    for (const name of profileNames) if (tuned[name] !== undefined) printProfile(name, tuned[name]);
    const durationSeconds = Math.round((Date.now() - startMs) / 1_000);
    const command = `npm run bench:tune -- ${process.argv
      .slice(2)
      .filter((argument) => argument !== "--pinned")
      .join(" ")}`;
    const file = await writeProfilesFile(typed.out, {
      vcpus,
      machine,
      command,
      durationSeconds,
      codec,
      tuned,
      present,
    });
    console.log(`\nwrote ${file} after ${durationSeconds} s`);
  } finally {
    forget();
    await servers.close();
  }
}

/** `high` may use the first half of the time, `low` what is left of two thirds, `mid` the rest. */
function timeShare(name: ProfileName): number {
  return { high: 0.5, low: 0.68, mid: 1 }[name];
}

/** Where the search begins: the values as they are, for the format that is tried first. */
function presentValues(vcpus: number, insertFormat: InsertFormat): Record<ProfileName, ProfileValues> {
  const values = (profile: ProfileName): ProfileValues => {
    const {
      name: _name,
      origin: _origin,
      transcoder: _transcoder,
      ...own
    } = profileFor(profile, vcpus, defaultProfileFolder);
    return { ...own, insertFormat };
  };
  return { low: values("low"), mid: values("mid"), high: values("high") };
}

/** Long enough that the ramp at its start does not matter, short enough for a hundred of them in ten minutes. */
const DRAIN_SECONDS = 4;
/** Below the 10 s after which the ingester stores its histograms: until then a run has to wait anyway. */
const WARM_UP_SECONDS = 6;
const FIRST_DRAIN_EVENTS = 100_000;

/**
 * Runs with their progress and results written as they happen. The topic is filled once for all drains; a paced run
 * empties it, so the next drain fills it again.
 */
async function makeRuns(
  servers: BenchServers,
  vcpus: number,
  startArgs: readonly string[],
  say: (line: string) => void,
): Promise<Runs> {
  const seconds = Number(typed.seconds ?? (typed.quick ? 3 : 8));
  let filled = 0;
  const note = async (kind: string, values: ProfileValues, figures: Figures) => {
    say(`${kind}  ${valuesText(values)}  →  ${figuresText(figures)}`);
    await appendResults(typed.results, [{ vcpus, kind, startArgs, values, figures }]);
  };
  const drain = async (values: ProfileValues, events: number) => {
    if (filled === 0) filled = await fillTopics(servers, events);
    return runDrain(servers, { vcpus, events: filled, values, startArgs });
  };
  // Not counted: the first insert of a server compiles its queries and opens its files. Its rate sizes the others.
  const given = typed.events === undefined ? undefined : parseCount("--events", typed.events, { min: 1_000, max: 1e8 });
  const first = await drain(presentValues(vcpus, "rowbinary").high, given ?? FIRST_DRAIN_EVENTS);
  const events = given ?? Math.max(FIRST_DRAIN_EVENTS, first.rowsPerSecond * (typed.quick ? 1 : DRAIN_SECONDS));
  if (events > filled) {
    await servers.emptyTopics();
    filled = 0;
  }
  return {
    drainedPerSecond: first.rowsPerSecond,
    async drain(values) {
      const figures = await drain(values, events);
      await note("drain", values, figures);
      return figures;
    },
    async paced(values, eventsPerSecond) {
      filled = 0;
      const step = await runStep(servers, {
        vcpus,
        eventsPerSecond,
        seconds,
        warmUpSeconds: typed.quick ? 0 : WARM_UP_SECONDS,
        profile: "mid",
        values,
        compression: "lz4",
        generatorCores: [],
        patienceMs: 15_000,
        startArgs,
      });
      const { ingester, clickhouse } = step.cpuSeconds;
      const figures: Figures = {
        events: step.replay.acknowledged,
        rowsPerSecond: Math.round((step.replay.acknowledged * 1_000) / step.wallMs),
        cpuMicrosPerRow: Math.round(((ingester + clickhouse) * 1e8) / Math.max(1, step.replay.acknowledged)) / 100,
        ingesterMiB: step.rssMiBMax.ingester,
        clickHouseMiB: step.rssMiBMax.clickhouse,
        e2eP95Ms: step.latencyMs.e2e.p95,
        holds: judge(step, 5_000).holds,
      };
      await note(`${eventsPerSecond}/s`, values, figures);
      return figures;
    },
  };
}

function valuesText(values: ProfileValues): string {
  const { flushRows, flushBytes, flushIntervalMs, workers, insertsMax, bytesMax, insertFormat } = values;
  const mib = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;
  return `${flushRows} rows, ${mib(flushBytes)}, ${flushIntervalMs} ms, ${workers} workers, ${insertsMax} inserts, budget ${mib(bytesMax)}, ${insertFormat}`;
}

function figuresText({ rowsPerSecond, cpuMicrosPerRow, ingesterMiB, clickHouseMiB, e2eP95Ms }: Figures): string {
  const late = e2eP95Ms === undefined ? "" : `, e2e p95 ${e2eP95Ms} ms`;
  return `${rowsPerSecond} rows/s, ${cpuMicrosPerRow} µs CPU a row, ${ingesterMiB} + ${clickHouseMiB} MiB${late}`;
}

function printCodec(codec: readonly CodecFigures[]): void {
  const rows = codec.map(({ rows, eventsPerSecond, margin, taskMs }) => [
    String(rows),
    String(eventsPerSecond),
    `${(margin * 100).toFixed(1)} %`,
    String(taskMs),
  ]);
  console.log(`\ncodec, one worker\n${formatTable(["rows per task", "events/s", "±", "ms per task"], rows)}`);
}

function printProfile(name: ProfileName, { goal, load, searches }: TunedProfile): void {
  const rows = searches.flatMap(({ tried }) =>
    tried.flatMap(({ name, runs }) =>
      runs.map(({ value, chosen, figures }) => [
        name,
        `${value}${chosen ? " *" : "  "}`,
        String(figures.rowsPerSecond),
        figures.cpuMicrosPerRow.toFixed(2),
        figures.e2eP95Ms === undefined ? "-" : String(figures.e2eP95Ms),
        String(figures.ingesterMiB),
        String(figures.clickHouseMiB),
      ]),
    ),
  );
  const header = ["value", "tried", "rows/s", "µs CPU a row", "e2e p95 ms", "ingester MiB", "ClickHouse MiB"];
  console.log(`\n${name}: ${goal}\nload: ${load}\n${formatTable(header, rows)}`);
}
