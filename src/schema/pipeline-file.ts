import { type Document, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { MillraceError } from "../core/errors.ts";
import type { Pipeline, PipelineColumn } from "./pipeline.ts";
import { type Fault, faultsOf, placeOf } from "./pipeline-faults.ts";
import { pipelineSchema } from "./pipeline-schema.ts";
import type { Rule } from "./plan.ts";

export type { Pipeline };

/** Aliases of aliases can grow a few lines into gigabytes: the library stops at so many, which is an error of the file. */
const ALIASES_MAX = 100;

function expandAliases(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    throw new MillraceError("E_CONFIG", `${fileName} is not valid YAML: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads a pipeline file (ops/pipelines/*.yaml). `fileName` only names it in errors.
 *
 * @throws MillraceError E_CONFIG that lists every fault with its line and column, its value and what is allowed there.
 */
export function parsePipeline(text: string, fileName: string): Pipeline {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    // The library adds the place, and the line as it stands, below its first line.
    const what = broken.message.split("\n")[0]!.replace(/ at line \d+, column \d+:$/, "");
    throw new MillraceError("E_CONFIG", `${fileName}:${line}:${col}: is not valid YAML: ${what}`);
  }
  const refuse = (faults: Fault[]) =>
    new MillraceError(
      "E_CONFIG",
      faults.map((fault) => `${fileName}:${placeOf(fault, document, lines)}: ${fault.text}`).join("\n"),
    );
  const raw = expandAliases(document, fileName);
  const parsed = pipelineSchema.safeParse(raw);
  if (!parsed.success) throw refuse(faultsOf(parsed.error.issues, raw));
  const file = parsed.data;
  const columns = mapColumns(file.columns);
  const contradictions = findContradictions(columns);
  if (contradictions.length > 0) throw refuse(contradictions);
  const { lateness } = file;
  return {
    name: file.name,
    topics: file.topics,
    codec: file.codec,
    table: file.table,
    coercion: file.coercion,
    columns,
    rules: file.rules as Rule[],
    lateness:
      lateness === "none" ? undefined : { column: lateness.column, backMs: lateness.back, aheadMs: lateness.ahead },
    eventTime: file.eventTime,
    latencyGroup: file.latencyGroup,
  };
}

function mapColumns(columns: z.infer<typeof pipelineSchema>["columns"]): Record<string, PipelineColumn> {
  const mapped: Record<string, PipelineColumn> = {};
  for (const [name, wish] of Object.entries(columns)) {
    if (typeof wish === "string" || Array.isArray(wish)) {
      mapped[name] = { from: listOf(wish) };
    } else {
      const { from, ...rest } = wish;
      mapped[name] = { ...(rest as PipelineColumn), ...(from === undefined ? {} : { from: listOf(from) }) };
    }
  }
  return mapped;
}

function listOf(names: string | string[]): string[] {
  return typeof names === "string" ? [names] : names;
}

/** Pairs of options that cannot both hold. */
function findContradictions(columns: Record<string, PipelineColumn>): Fault[] {
  return Object.entries(columns).flatMap(([name, wish]) => {
    const sources = (["from", "record", "omit"] as const).filter(
      (key) => wish[key] !== undefined && wish[key] !== false,
    );
    const substitutes = (["default", "defaultRecord", "required"] as const).filter(
      (key) => wish[key] !== undefined && wish[key] !== false,
    );
    const faults = [sources, substitutes].filter((keys) => keys.length > 1);
    return faults.map((keys) => ({
      path: ["columns", name],
      text: `columns.${name}: has ${keys.join(" and ")}; allowed: only one of them`,
    }));
  });
}
