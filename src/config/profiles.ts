import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { MillraceError } from "../core/errors.ts";
import { type InsertFormat, insertFormats, type TranscoderName, transcoderNames } from "../core/transcoding.ts";
import { eventRate, vcpuCount } from "./options/bounds.ts";
import { ownRows } from "./options/environment-rows.ts";

/** How much is collected before an insert, and how much runs at once (S0-89). */
export interface Profile {
  name: string;
  /** A bundle is cut, over all partitions of a pipeline, at whichever of the three comes first. */
  flushRows: number;
  flushBytes: number;
  flushIntervalMs: number;
  workers: number;
  /** Inserts at once. Bounds ClickHouse's memory, too. */
  insertsMax: number;
  /**
   * The budget for all bytes between fetch and acknowledgement. Intake pauses at 60 % of it and resumes below 45 %
   * (src/ingest/pipeline/pipeline.ts): what is on its way then still has to fit.
   */
  bytesMax: number;
  /** How rows are encoded for ClickHouse, unless `--insert-format` says otherwise. */
  insertFormat: InsertFormat;
  /** Which transcoder, unless `--transcoder` says otherwise; undefined: the program's default. */
  transcoder: TranscoderName | undefined;
  /** Events per second of the simulator when `--eps` is not given. */
  simulatorEventsPerSecond: number;
  /** One line for logs: which budget was measured, and what was scaled from it. */
  origin: string;
}

export const profileNames = ["low", "mid", "high"] as const;
export type ProfileName = (typeof profileNames)[number];

const KIB = 1024;
const MIB = 1024 * KIB;
/** Workers, and inserts: of each a process has no more. */
const AT_ONCE_MAX = 64;

/** The values of one profile, as its file has them. The bounds are those below which, or above which, a run fails. */
const valuesSchema = z.strictObject({
  flushRows: z.int().min(1).max(5_000_000),
  flushBytes: z
    .int()
    .min(64 * KIB)
    .max(512 * MIB),
  flushIntervalMs: z.int().min(1).max(60_000),
  workers: z.int().min(1).max(AT_ONCE_MAX),
  insertsMax: z.int().min(1).max(AT_ONCE_MAX),
  bytesMax: z
    .int()
    .min(MIB)
    .max(64 * 1024 * MIB),
  insertFormat: z.enum(insertFormats),
  transcoder: z.enum(transcoderNames).optional(),
  simulatorEventsPerSecond: z.int().min(1).max(eventRate.max),
  /** What the bench saw when it chose: for people, not read by the program. */
  measured: z.unknown().optional(),
});

const fileSchema = z.strictObject({
  vcpus: z.int().min(vcpuCount.min).max(vcpuCount.max),
  /** Where, when and how the values were measured; null: chosen by hand. */
  measured: z
    .looseObject({ at: z.string().min(1), cpu: z.string().min(1), runtime: z.string().min(1), commit: z.string() })
    .nullable(),
  profiles: z.strictObject({ low: valuesSchema, mid: valuesSchema, high: valuesSchema }),
});

export type ProfileValues = z.infer<typeof valuesSchema>;
export type ProfilesFile = z.infer<typeof fileSchema>;

/** The files that come with Millrace: one per measured vCPU budget, written by `npm run bench:tune`. */
export const defaultProfileFolder: string = fileURLToPath(new URL("../../ops/profiles", import.meta.url));

/** MILLRACE_PROFILES names another folder: how the benches try values out. */
function profileFolder(): string {
  return process.env[ownRows.profileFolder.env] ?? defaultProfileFolder;
}

/** vCPU budgets that have a file, ascending. @throws MillraceError E_CONFIG when there is none. */
export function measuredBudgets(folder: string = profileFolder()): number[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new MillraceError("E_CONFIG", `${folder}: cannot be read (${(error as Error).message})`, { cause: error });
  }
  const budgets = names.flatMap((name) => /^([1-9]\d?)\.json$/.exec(name)?.[1] ?? []).map(Number);
  if (budgets.length === 0) {
    throw new MillraceError(
      "E_CONFIG",
      `${folder}: holds no profiles; write them with: npm run bench:tune -- --vcpus 2`,
    );
  }
  return budgets.sort((a, b) => a - b);
}

/** Reads `<vcpus>.json`. @throws MillraceError E_CONFIG that names the file, the key and its value. */
export function readProfiles(vcpus: number, folder: string = profileFolder()): ProfilesFile {
  const file = join(folder, `${vcpus}.json`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new MillraceError("E_CONFIG", `${file}: cannot be read as JSON (${(error as Error).message})`, {
      cause: error,
    });
  }
  const parsed = parseProfilesFile(value, file);
  if (parsed.vcpus !== vcpus) {
    throw new MillraceError("E_CONFIG", `${file}: vcpus is ${parsed.vcpus}: must be ${vcpus}, as the file's name says`);
  }
  return parsed;
}

/** @throws MillraceError E_CONFIG with one line for each value that is wrong. */
export function parseProfilesFile(value: unknown, file: string): ProfilesFile {
  const result = fileSchema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const found = issue.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      value,
    );
    const key = issue.path.length === 0 ? "the document" : issue.path.join(".");
    const shown = found === undefined ? "missing" : typeof found === "object" ? "wrong" : JSON.stringify(found);
    return `${file}: ${key} is ${shown}: ${issue.message}`;
  });
  throw new MillraceError("E_CONFIG", lines.join("\n"));
}

/**
 * The profile for a vCPU budget: as its file says, or extrapolated from the largest measured budget below it.
 *
 * What runs at once (workers, inserts, the byte budget, the simulator's rate) follows the number of vCPUs. The flush
 * limits stay: the size at which an insert is cheap is a property of ClickHouse's parts, not of the number of cores.
 */
export function profileFor(name: string, vcpus: number, folder: string = profileFolder()): Profile {
  if (!isProfileName(name)) {
    throw new MillraceError("E_CONFIG", `--profile ${name}: must be one of ${profileNames.join(", ")}`);
  }
  const budgets = measuredBudgets(folder);
  const basis = budgets.findLast((budget) => budget <= vcpus) ?? budgets[0]!;
  const { profiles, measured } = readProfiles(basis, folder);
  const { measured: _, transcoder, ...values } = profiles[name];
  const source = measured === null ? "set by hand" : `measured ${measured.at.slice(0, 10)} on ${measured.cpu}`;
  if (basis === vcpus) {
    return { name, ...values, transcoder, origin: `profile ${name} for ${vcpusText(vcpus)}: ${source}` };
  }
  const factor = vcpus / basis;
  const scale = (value: number, max: number) => Math.min(max, Math.max(1, Math.round(value * factor)));
  return {
    name,
    ...values,
    workers: scale(values.workers, AT_ONCE_MAX),
    insertsMax: scale(values.insertsMax, AT_ONCE_MAX),
    bytesMax: Math.max(MIB, Math.round(values.bytesMax * factor)),
    simulatorEventsPerSecond: scale(values.simulatorEventsPerSecond, eventRate.max),
    transcoder,
    origin: `profile ${name} for ${vcpusText(vcpus)}: not measured, extrapolated from ${vcpusText(basis)} (${source}); ${scaledText(factor)}`,
  };
}

/** For `--help`: which budgets have profiles, and what becomes of the others. Never throws: help must always come. */
export function profilesHelp(folder: string = profileFolder()): string {
  try {
    const budgets = measuredBudgets(folder).map((budget) => {
      const { measured } = readProfiles(budget, folder);
      return `${vcpusText(budget)} (${measured === null ? "set by hand" : `measured ${measured.at.slice(0, 10)}`})`;
    });
    return `Profiles: ops/profiles has those for ${budgets.join(" and ")}. Another budget is extrapolated from the largest of these below it: workers, insertsMax, bytesMax and the simulator's rate in proportion, flush limits unchanged.`;
  } catch (error) {
    return `Profiles: ${(error as Error).message}`;
  }
}

function scaledText(factor: number): string {
  const shown = Number(factor.toFixed(2));
  return `workers, insertsMax, bytesMax and simulatorEventsPerSecond × ${shown}, flush limits unchanged`;
}

function vcpusText(vcpus: number): string {
  return vcpus === 1 ? "1 vCPU" : `${vcpus} vCPUs`;
}

function isProfileName(name: string): name is ProfileName {
  return (profileNames as readonly string[]).includes(name);
}
