import { isSql, type Query } from "../dashboards/panel-row.ts";
import type { Answer } from "./answer.ts";

/** What is wrong with an answer, in words; nothing: it is as the row of code says. */
export function judge(query: Query, answer: Answer): string[] {
  const { rows, values = {}, mayBeEmpty } = query.expect;
  if (answer.rows === 0 && mayBeEmpty !== undefined) return [];
  const [least, most] = rows;
  const wrong: string[] = [];
  if (answer.rows === 0) wrong.push("is empty");
  else if (answer.rows < least || answer.rows > most) wrong.push(`has ${answer.rows} rows, not ${least} to ${most}`);
  if (answer.rows === 0) return wrong;
  return [...wrong, ...outside(values, answer), ...flat(query, answer), ...unnamed(query, answer)];
}

function outside(bounds: NonNullable<Query["expect"]["values"]>, { numbers }: Answer): string[] {
  return Object.entries(bounds).flatMap(([column, [least, most]]) => {
    const columns =
      column === "*" ? Object.keys(numbers).filter((name) => !(name in bounds) || name === "*") : [column];
    if (columns.some((name) => numbers[name] === undefined)) return [`has no column of numbers ${column}`];
    const found = columns.flatMap((name) => numbers[name]!.map((value) => [name, value] as const));
    const bad = found.find(([, value]) => !(value >= least && value <= most));
    return bad === undefined ? [] : [`has ${bad[1]} in ${bad[0]}, not ${least} to ${most}`];
  });
}

function flat({ expect: { peak } }: Query, { numbers }: Answer): string[] {
  const greatest = Math.max(...Object.values(numbers).flat());
  return peak === undefined || greatest >= peak ? [] : [`has ${greatest} at most, not ${peak} or more`];
}

/** A legend that names labels which no series has: nothing of the kind has happened, and a 0 stands in for it. */
function unnamed(query: Query, { labels = [] }: Answer): string[] {
  if (isSql(query) || query.expect.mayBeEmpty !== undefined) return [];
  const named = [...query.legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
  return named
    .filter((label) => !labels.some((series) => (series[label] ?? "") !== ""))
    .map((label) => `has no series with the label ${label}`);
}
