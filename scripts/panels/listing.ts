import { isSql } from "../dashboards/panel-row.ts";
import { type Agreement, tellers } from "./agreement.ts";
import type { Finding } from "./check-panels.ts";

/** One line for each query of each panel: what it returned, what it may return, and what is wrong. */
export function listing(findings: readonly Finding[]): string[] {
  return findings.map(({ dashboard, panel, query, answer, wrong }) => {
    const name = isSql(query) || query.legend === "" ? panel : `${panel} (${query.legend})`;
    const { rows, mayBeEmpty } = query.expect;
    const got =
      answer === undefined ? "none" : `${answer.rows} ${isSql(query) ? "rows" : "series"}, ${rangeOf(answer.numbers)}`;
    const why = mayBeEmpty === undefined || answer?.rows !== 0 ? "" : `; may be empty: ${mayBeEmpty}`;
    const verdict = wrong.length === 0 ? "ok  " : "FAIL";
    return `${verdict} ${dashboard}: ${name}: ${got} (${rows.join("–")} expected${boundsText(query.expect.values)})${why}${wrong.map((text) => `\n     ${text}`).join("")}`;
  });
}

/** One line for each stage: its p95 by all who say it, and by how much that differs from the first. */
export function agreementListing(agreements: readonly Agreement[]): string[] {
  return agreements.map(({ stage, records, p95Ms, wrong }) => {
    const texts = tellers.map((teller) => {
      const percent = (100 * (p95Ms[teller] - p95Ms.SQL)) / p95Ms.SQL;
      const off = p95Ms[teller] === p95Ms.SQL ? "" : ` (${percent > 0 ? "+" : ""}${percent.toFixed(1)} %)`;
      return `${teller} ${Number(p95Ms[teller].toPrecision(4))}${off}`;
    });
    const verdict = wrong.length === 0 ? "ok  " : "FAIL";
    return `${verdict} p95 of ${stage}, ${records} records, ms: ${texts.join(", ")}${wrong.map((text) => `\n     ${text}`).join("")}`;
  });
}

function boundsText(values: Finding["query"]["expect"]["values"] = {}): string {
  const texts = Object.entries(values).map(([column, [least, most]]) =>
    column === "*" ? `${least} to ${most}` : `${column} ${least} to ${most}`,
  );
  return texts.length === 0 ? "" : `; ${texts.join(", ")}`;
}

/** More columns than a line can hold are those of a heat map: all in one. */
const COLUMNS_MAX = 12;

function rangeOf(numbers: Readonly<Record<string, readonly number[]>>): string {
  const count = Object.keys(numbers).length;
  if (count > COLUMNS_MAX) return `${count} columns, ${rangeOf({ "*": Object.values(numbers).flat() })}`;
  const texts = Object.entries(numbers)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => {
      const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => Number(value.toPrecision(4)));
      const span = least === most ? `${least}` : `${least} to ${most}`;
      return name === "*" ? span : `${name} ${span}`;
    });
  return texts.length === 0 ? "no numbers" : texts.join(", ");
}
