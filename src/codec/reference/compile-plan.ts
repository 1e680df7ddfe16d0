import { MillraceError } from "../../core/errors.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { type Cell, compileCell } from "./cell.ts";
import { compileDeadLetter, type WriteDeadLetter } from "./dead-letter.ts";
import { compileReadTimeMs, type ReadTimeMs } from "./event-time.ts";
import { compileGroupReader } from "./latency.ts";
import { type Document, firstKeys } from "./path.ts";
import { type ApplyRule, compileRule, fieldsOfRule } from "./rules.ts";

/** A plan, ready to run. */
export interface CompiledPlan {
  plan: TablePlan;
  cells: Cell[];
  rules: ApplyRule[];
  /** Top-level keys that a column or a rule reads. */
  knownKeys: Set<string>;
  /** Index of the event time's column, −1 if there is none. */
  eventIndex: number;
  readEventMs: ReadTimeMs;
  horizonIndex: number;
  readHorizonMs: ReadTimeMs;
  readGroup: (document: Document) => string;
  writeDeadLetter: WriteDeadLetter;
}

/** @throws MillraceError E_PLAN when the plan contradicts itself. */
export function compilePlan(plan: TablePlan): CompiledPlan {
  const event = compileTime(plan, plan.eventTimeColumn, "event time");
  const horizon = compileTime(plan, plan.horizon?.column, "lateness horizon");
  const readNames = collectReadNames(plan);
  return {
    plan,
    cells: plan.columns.map((column) => compileCell(column, plan.format, readNames)),
    rules: plan.rules.map(compileRule),
    knownKeys: collectKnownKeys(plan),
    eventIndex: event.index,
    readEventMs: event.read,
    horizonIndex: horizon.index,
    readHorizonMs: horizon.read,
    readGroup: compileGroupReader(plan),
    writeDeadLetter: compileDeadLetter(plan),
  };
}

function compileTime(plan: TablePlan, name: string | undefined, role: string): { index: number; read: ReadTimeMs } {
  if (name === undefined) return { index: -1, read: () => Number.NaN };
  const index = plan.columns.findIndex((column) => column.name === name);
  const column = plan.columns[index];
  if (column === undefined) {
    throw new MillraceError("E_PLAN", `Plan ${plan.key} names ${name} for its ${role}, but writes no such column`);
  }
  const read = compileReadTimeMs(column.type);
  if (read === undefined) {
    throw new MillraceError(
      "E_PLAN",
      `Plan ${plan.key} names ${name} for its ${role}, but ${column.type.text} is no time`,
    );
  }
  return { index, read };
}

/** Top-level keys that a column or a rule reads, with those that may lead to such a field. */
export function collectKnownKeys(plan: TablePlan): Set<string> {
  return new Set([...collectReadNames(plan)].flatMap(firstKeys));
}

/** The names of all fields that a column or a rule reads. */
export function collectReadNames(plan: TablePlan): Set<string> {
  const names = plan.rules.flatMap(fieldsOfRule);
  for (const { source } of plan.columns) if (source.kind === "document") names.push(...source.names);
  return new Set(names);
}
