import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ProfileName,
  type ProfilesFile,
  type ProfileValues,
  parseProfilesFile,
  profileNames,
} from "../../src/config/profiles.ts";
import type { Machine } from "../common/machine.ts";
import type { CodecFigures } from "./codec-cases.ts";
import type { Figures } from "./figures.ts";
import type { TunedProfile } from "./tune-profiles.ts";

export interface TuneRun {
  vcpus: number;
  machine: Machine;
  command: string;
  durationSeconds: number;
  codec: readonly CodecFigures[];
  /** Those that were tuned; the others keep what `present` says. */
  tuned: Partial<Record<ProfileName, TunedProfile>>;
  present: Record<ProfileName, ProfileValues>;
}

/**
 * Writes `<vcpus>.json`: the values, and beside each what every value that was tried showed. Checked as the program will
 * check it, before anything is overwritten.
 */
export async function writeProfilesFile(folder: string, run: TuneRun): Promise<string> {
  const file = join(folder, `${run.vcpus}.json`);
  const { vcpus, machine, command, durationSeconds, codec } = run;
  const profiles = Object.fromEntries(
    profileNames.map((name) => {
      const tuned = run.tuned[name];
      return [name, tuned === undefined ? run.present[name] : entry(tuned)];
    }),
  );
  const content: ProfilesFile = parseProfilesFile(
    { vcpus, measured: { ...machine, command, durationSeconds, codec }, profiles },
    file,
  );
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${format(content)}\n`);
  return file;
}

function entry({ goal, load, values, figures, searches }: TunedProfile): ProfileValues {
  const tried = searches.flatMap(({ tried }) => tried);
  const skipped = searches.flatMap((search) => search.skipped);
  const { measured: _, ...own } = values;
  return {
    ...own,
    measured: {
      goal,
      load,
      figures,
      tried: Object.fromEntries(
        tried.map(({ name, runs }) => [
          name,
          runs.map(({ value, chosen, figures }) => ({ value, chosen, ...short(figures) })),
        ]),
      ),
      ...(skipped.length === 0 ? {} : { noTimeFor: [...new Set(skipped)].join(", ") }),
    },
  };
}

function short({ rowsPerSecond, cpuMicrosPerRow, ingesterMiB, clickHouseMiB, e2eP95Ms, holds }: Figures) {
  return {
    rowsPerSecond,
    cpuMicrosPerRow,
    ingesterMiB,
    clickHouseMiB,
    ...(e2eP95Ms === undefined ? {} : { e2eP95Ms, holds }),
  };
}

const LINE_CHARS_MAX = 120;

/** JSON as the formatter wants it: an innermost object on one line where it fits, so that a table stays a table. */
function format(content: object): string {
  return JSON.stringify(content, null, 2).replace(/^( *)(.*)\{\n[^{}[\]]*\n\s*\},?$/gm, (lines) => {
    const line = lines.trimStart().replace(/\s*\n\s*/g, " ");
    const indent = lines.length - lines.trimStart().length;
    return indent + line.length <= LINE_CHARS_MAX ? " ".repeat(indent) + line : lines;
  });
}
