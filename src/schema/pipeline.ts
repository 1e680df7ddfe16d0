import { ownDatabase } from "../config/own-database.ts";
import type { RecordField, Rule, TimeFormat } from "./plan.ts";

/** What a pipeline says about one column; everything that it leaves out is taken from the column's name and type. */
export interface PipelineColumn {
  /** Document fields, tried in order; each as the key that it is, then as a nested path. Default: the column's name. */
  from?: string[];
  /** Fills the column from the record instead of the document. */
  record?: RecordField;
  time?: TimeFormat;
  /** Go's zero time (the year 1) and the year 9999, which programs write for "none", are read as null. */
  placeholderIsNull?: boolean;
  /** JSON value for a document that lacks the field. */
  default?: unknown;
  /** Record field for a document that lacks the field. */
  defaultRecord?: RecordField;
  /** A document that lacks the field goes to the dead letters. */
  required?: boolean;
  /** The column is not in the insert at all, so that the table's own DEFAULT fills it. */
  omit?: boolean;
  coercion?: "strict" | "lenient";
  /** The table may lack the column. Built-in pipelines only: a file that names a column means it. */
  optional?: boolean;
}

/** A pipeline: which topics go into which table, and how. From a file, from the command line, or built in. */
export interface Pipeline {
  name: string;
  topics: string[];
  codec: "auto" | "json" | "msgpack";
  /** `database.table`. */
  table: string;
  coercion: "strict" | "lenient";
  columns: Record<string, PipelineColumn>;
  rules: Rule[];
  lateness: { column: string; backMs: number; aheadMs: number } | undefined;
  eventTime: string | undefined;
  latencyGroup: string | undefined;
}

/** Where the records go that a pipeline refuses; one table for all pipelines, told apart by its column `pipeline`. */
export const deadLetterTable = `${ownDatabase}.fact_event_dlq`;

/** The pipeline of `millrace start --topic … --table …`: every column by its name, nothing refused for lateness. */
export function defaultPipeline(options: { topics: string[]; table: string; codec?: Pipeline["codec"] }): Pipeline {
  const table = qualifyTable(options.table);
  return {
    name: table,
    topics: options.topics,
    codec: options.codec ?? "auto",
    table,
    coercion: "strict",
    columns: {},
    rules: [],
    lateness: undefined,
    eventTime: undefined,
    latencyGroup: undefined,
  };
}

/** A table's name with its database; ClickHouse's own database `default` when there is none. */
export function qualifyTable(table: string): string {
  return table.includes(".") ? table : `default.${table}`;
}
