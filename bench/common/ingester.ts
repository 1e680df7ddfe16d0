import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProfileName, ProfileValues } from "../../src/config/profiles.ts";
import { MillraceError } from "../../src/core/errors.ts";
import type { RunReport } from "../../src/run/report.ts";

const ownEntry = fileURLToPath(new URL("../../src/millrace.mjs", import.meta.url));
const ERROR_TAIL_CHARS = 8_000;
const ASSIGNED_MS = 60_000;
/** A drain gives up by itself after 60 s; the report follows. */
const STOP_MS = 90_000;

export interface IngesterOptions {
  env: Record<string, string>;
  vcpus: number;
  profile: ProfileName;
  /** Values to run with instead of those of ops/profiles. */
  values?: ProfileValues;
  groupId: string;
  /** `src/millrace.mjs` of another checkout; undefined: of this one. */
  entry?: string;
  /** More of `millrace start`'s options, handed on as they are: `--until-end`, `--transcoder kernel`. */
  args: readonly string[];
}

/** `millrace start` without servers and simulator of its own, in a process of its own. */
export interface Ingester {
  pid: number;
  /** Resolves once the group has given it its partitions. */
  assigned: Promise<void>;
  /** Resolves with the end report once the process has ended; rejects with its log when it failed. */
  report: Promise<RunReport>;
  /** Asks it to drain; the report follows. */
  stop(): void;
}

export async function startIngester(options: IngesterOptions): Promise<Ingester> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-run-"));
  if (options.values !== undefined) await writeProfiles(directory, options.vcpus, options.values);
  const reportFile = join(directory, "report.json");
  const args = ["start", "--no-simulator", "--profile", options.profile, "--vcpus", String(options.vcpus)];
  args.push("--group", options.groupId, "--json", "--report", reportFile);
  if (options.values !== undefined) args.push("--insert-format", options.values.insertFormat);
  args.push(...options.args); // after our own: the last of an option counts
  // Flags of the runtime are handed on: `node --cpu-prof bench/…` profiles the ingester, too.
  const child = spawn(process.execPath, [...process.execArgv, options.entry ?? ownEntry, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      ...options.env,
      MILLRACE_LOG_LEVEL: "info",
      ...(options.values === undefined ? {} : { MILLRACE_PROFILES: directory }),
    },
  });
  // An interrupted bench takes it along: without servers it would only repeat its requests.
  const kill = () => {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", kill);
  let tail = "";
  let see: () => void = () => {};
  const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  const failure = (what: string) =>
    new MillraceError("E_INCOMPLETE", `millrace ${args.join(" ")}: ${what}\n${tail.trimEnd()}`);
  const assigned = new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(failure("got no partitions within 60 s")), ASSIGNED_MS);
    see = () => {
      clearTimeout(late);
      resolve();
    };
    void ended.then((code) => {
      clearTimeout(late);
      reject(failure(`ended with code ${code}`));
    });
  });
  assigned.catch(() => {}); // a run until the end may have ended before anyone asks
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-ERROR_TAIL_CHARS);
    if (text.includes(" in flight to be repeated")) see();
  });
  const report = ended
    .then(async (code) => {
      // Code 1 with a report: rows are missing or doubled, which the report says better.
      const written = await readFile(reportFile, "utf8").catch(() => undefined);
      if (written === undefined) throw failure(`ended with code ${code} and without a report`);
      return JSON.parse(written) as RunReport;
    })
    .finally(() => {
      process.off("exit", kill);
      return rm(directory, { recursive: true, force: true });
    });
  report.catch(() => {});
  return {
    pid: child.pid!,
    assigned,
    report,
    stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      void ended.finally(() => clearTimeout(timer));
    },
  };
}

/** A profile folder in which every profile of the budget has the values to try. */
async function writeProfiles(directory: string, vcpus: number, values: ProfileValues): Promise<void> {
  const file = { vcpus, measured: null, profiles: { low: values, mid: values, high: values } };
  await writeFile(join(directory, `${vcpus}.json`), JSON.stringify(file));
}
