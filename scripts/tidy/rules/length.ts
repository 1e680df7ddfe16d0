import { functionsOf } from "../functions.ts";
import { type Breach, isScript, lineOf, type Tree } from "../tree.ts";

const FILE_LINES_MAX = 250;
const FUNCTION_LINES_MAX = 70;
/** Entries are rounded up to tens, and may be nearly two tens too high, so that small edits need not touch the list. */
const ROUNDED_TO_LINES = 10;
const SLACK_LINES = 20;
const listFile = "scripts/tidy/long-code.ts";

/** Files are read whole, and functions at a glance: long ones are listed, and become shorter, or fewer. */
export function fileLength(tree: Tree, listed: Record<string, number>): Breach[] {
  const files = tree.files.filter(({ name }) => isScript(name) || /\.(py|sql|sh)$/.test(name));
  const found = files.map(({ name, text }) => ({ key: name, file: name, line: 1, lines: linesOf(text) }));
  return judge(tree, found, listed, FILE_LINES_MAX, "give each of its subjects a file");
}

/** The last line counts without a line feed at its end, too. */
function linesOf(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}

export function functionLength(tree: Tree, listed: Record<string, number>): Breach[] {
  const found = tree.modules.flatMap((module) =>
    functionsOf(module).map(({ name, ...rest }) => ({ ...rest, key: `${module.name} ${name}`, file: module.name })),
  );
  return judge(
    tree,
    found,
    listed,
    FUNCTION_LINES_MAX,
    "take parts of it out: leaves that only compute, or whole steps",
  );
}

interface Measured {
  key: string;
  file: string;
  line: number;
  lines: number;
}

function judge(tree: Tree, all: Measured[], listed: Record<string, number>, linesMax: number, cure: string): Breach[] {
  const long = new Map<string, Measured>();
  for (const one of all)
    if (one.lines > linesMax && one.lines > (long.get(one.key)?.lines ?? 0)) long.set(one.key, one);
  const tooLong = [...long.values()].flatMap(({ key, file, line, lines }): Breach[] => {
    const allowed = listed[key];
    if (lines <= (allowed ?? linesMax)) return [];
    const limit =
      allowed === undefined ? `at most ${linesMax}` : `${allowed} are listed, and it may only become shorter`;
    return [{ file, line, wrong: `${nameIn(key, file)} has ${lines} lines: ${limit}`, remedy: cure }];
  });
  return [...tooLong, ...outdated(tree, long, listed, linesMax)];
}

/** Entries for what is short by now, or gone, and those that would let it grow again. */
function outdated(tree: Tree, long: Map<string, Measured>, listed: Record<string, number>, linesMax: number): Breach[] {
  return Object.entries(listed).flatMap(([key, allowed]): Breach[] => {
    const lines = long.get(key)?.lines;
    const place = { file: listFile, line: lineOf(tree, listFile, `"${key}"`) };
    if (lines === undefined)
      return [
        { ...place, wrong: `lists ${key}, which is gone or has at most ${linesMax} lines`, remedy: "delete the entry" },
      ];
    if (allowed < lines + SLACK_LINES) return [];
    return [
      {
        ...place,
        wrong: `allows ${key} ${allowed} lines, and it has ${lines}`,
        remedy: `write ${Math.ceil(lines / ROUNDED_TO_LINES) * ROUNDED_TO_LINES}`,
      },
    ];
  });
}

function nameIn(key: string, file: string): string {
  return key === file ? "the file" : key.slice(file.length + 1);
}
