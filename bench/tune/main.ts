import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { hideNegativeTimeoutWarnings } from "../../src/cli/quiet-warnings.ts";
import { parseChoice, parseCount } from "../../src/config/parse-values.ts";
import {
  defaultProfileFolder,
  type ProfileName,
  type ProfileValues,
  profileFor,
  profileNames,
} from "../../src/config/profiles.ts";
import { errorCodes, MillraceError } from "../../src/core/errors.ts";
import { defaultTranscoder, insertFormats, transcoderNames } from "../../src/core/transcoding.ts";
import { describeMachine } from "../common/machine.ts";
import { closeOnSignal } from "../common/on-signal.ts";
import { coresFor, runPinned } from "../common/pinned.ts";
import { resultFile } from "../common/result-file.ts";
import { startBenchServers } from "../common/servers.ts";
import { measureCodec, smallestGoodSize } from "./codec-cases.ts";
import { printCodec, printProfile } from "./print.ts";
import { writeProfilesFile } from "./profiles-file.ts";
import { makeRuns } from "./runs.ts";
import { tuneProfiles } from "./tune-profiles.ts";

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
  .option("--insert-formats <name,…>", `formats to try: ${insertFormats.join(", ")}`, "native,rowbinary")
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
    const present = presentValues(vcpus);
    const startOf = (name: ProfileName) => ({ ...present[name], insertFormat: formats[0]! });
    const tuned = await tuneProfiles({
      vcpus,
      start: { low: startOf("low"), mid: startOf("mid"), high: startOf("high") },
      names,
      runs: await makeRuns(servers, {
        vcpus,
        quick: typed.quick,
        events:
          typed.events === undefined
            ? undefined
            : parseCount("--events", typed.events, { min: 1_000, max: 100_000_000 }),
        seconds: typed.seconds === undefined ? undefined : parseCount("--seconds", typed.seconds, { min: 1, max: 600 }),
        first: startOf("high"),
        startArgs: ["--transcoder", transcoder],
        results: typed.results,
        say,
      }),
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

/** The values as they are; a profile that is not tuned keeps them. */
function presentValues(vcpus: number): Record<ProfileName, ProfileValues> {
  const values = (profile: ProfileName): ProfileValues => {
    const {
      name: _name,
      origin: _origin,
      transcoder: _transcoder,
      ...own
    } = profileFor(profile, vcpus, defaultProfileFolder);
    return own;
  };
  return { low: values("low"), mid: values("mid"), high: values("high") };
}
