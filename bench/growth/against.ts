import { join, resolve } from "node:path";
import { MillraceError } from "../../src/core/errors.ts";
import { repositoryDirectory } from "../common/machine.ts";
import { drainBacklogs } from "./against-backlog.ts";
import { runLoad } from "./against-load.ts";
import type { CheckoutRun, CompareWish } from "./checkout-run.ts";

/** What a figure of the new program may be: of the old one's, at most or (a rate) at least, or by itself. */
interface Target {
  what: string;
  figure: string;
  /** Which of the old program's runs. */
  against: string;
  ratioMax?: number;
  ratioMin?: number;
  max?: number;
}

const targets: readonly Target[] = [
  { what: "load", figure: "inserts/s", against: "load", max: 5 },
  { what: "load", figure: "CPU s", against: "load", ratioMax: 0.3 },
  { what: "load", figure: "e2e p95 ms", against: "load", ratioMax: 0.6, max: 300 },
  { what: "load", figure: "missing", against: "load", max: 0 },
  { what: "load", figure: "duplicate", against: "load", max: 0 },
  { what: "backlog of 10", figure: "rows/s", against: "backlog of 10", ratioMin: 0.97 },
  { what: "backlog of 256", figure: "rows/s", against: "backlog of 10", ratioMin: 0.85 },
];

/**
 * Runs this checkout and the other one in turns, old and new in every round, so that a machine that is slow for a while
 * is slow for both.
 *
 * @throws MillraceError E_INCOMPLETE when either loses or doubles a row of a backlog.
 */
export async function compareCheckouts(
  wish: CompareWish,
  record: (run: object) => Promise<void>,
): Promise<{ lines: { header: string[]; rows: string[][] }; missed: string[] }> {
  const entries = [
    { checkout: "old" as const, entry: join(resolve(wish.folder), "src/millrace.mjs") },
    { checkout: "new" as const, entry: join(repositoryDirectory, "src/millrace.mjs") },
  ];
  const runs: CheckoutRun[] = [];
  const note = async (run: CheckoutRun) => {
    runs.push(run);
    wish.log(`${run.what}, ${run.checkout}: ${JSON.stringify(run.figures)}`);
    await record({ against: wish.folder, ...run });
  };
  for (let round = 0; wish.what.includes("load") && round < wish.rounds; round++) {
    for (const { checkout, entry } of entries) {
      await note({ what: "load", checkout, figures: await runLoad(entry, wish.seconds) });
    }
  }
  if (wish.what.includes("backlog")) await drainBacklogs(entries, wish, note);
  if (runs.length === 0) throw new MillraceError("E_CONFIG", "--compare names nothing to compare");
  return { lines: toTable(runs), missed: judge(runs) };
}

function toTable(runs: readonly CheckoutRun[]): { header: string[]; rows: string[][] } {
  const rows = [...Map.groupBy(runs, ({ what }) => what)].flatMap(([what, same]) =>
    Object.keys(same[0]!.figures).map((figure) => {
      const [old, own] = (["old", "new"] as const).map((checkout) => medianOf(runs, what, checkout, figure));
      const all = same.map((run) => `${run.checkout} ${run.figures[figure]}`).join(", ");
      return [what, figure, String(old), String(own), old! > 0 ? (own! / old!).toFixed(2) : "-", all];
    }),
  );
  return { header: ["what", "figure", "old", "new", "new / old", "runs"], rows };
}

function judge(runs: readonly CheckoutRun[]): string[] {
  return targets.flatMap(({ what, figure, against, ratioMax, ratioMin, max }) => {
    const value = medianOf(runs, what, "new", figure);
    const old = medianOf(runs, against, "old", figure);
    if (value === undefined || old === undefined) return [];
    const missed: string[] = [];
    if (max !== undefined && value > max) missed.push(`${what}: ${figure} is ${value}, allowed ${max}`);
    const ratio = value / old;
    const said = `${what}: ${figure} is ${ratio.toFixed(2)} of the old one's (${against})`;
    if (ratioMax !== undefined && ratio > ratioMax) missed.push(`${said}, allowed ${ratioMax}`);
    if (ratioMin !== undefined && ratio < ratioMin) missed.push(`${said}, at least ${ratioMin}`);
    return missed;
  });
}

function medianOf(runs: readonly CheckoutRun[], what: string, checkout: string, figure: string): number | undefined {
  const values = runs
    .filter((run) => run.what === what && run.checkout === checkout)
    .map(({ figures }) => figures[figure]!)
    .sort((one, other) => one - other);
  return values[Math.floor((values.length - 1) / 2)];
}
