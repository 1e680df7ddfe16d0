import type { ClickHouseSettings } from "@clickhouse/client";
import { quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import { type HeldClocks, heldClocksWords } from "./held-clocks.ts";
import type { InsertColumn } from "./insert-column.ts";
import { type ShapeColumn, shapeCondition, type TableShape } from "./table-shape.ts";

/** Which of the body's rows an insert stores, until when it may begin, and into what. */
export interface InsertTerms {
  token: string;
  /** ms since 1970, ClickHouse's clock. */
  deadlineMs: number;
  /** What the table has to be for the insert to write anything. */
  shape: TableShape;
  /** Rows whose table partition hashes to `shareIndex` modulo `shareCount`; undefined: all rows. */
  share: { partitionKey: string; shareCount: number; shareIndex: number } | undefined;
  /**
   * What a late insert does: nothing, and `written_rows` is 0; or, loudly, it fails (`isLateError`). Loud is for inserts
   * that may have nothing to write when they are in time, and for answers that come without a summary.
   */
  isLoud: boolean;
  /** The server refuses the insert when it touches more table partitions than this; undefined: any number. */
  partitionsMax: number | undefined;
  /** Settings that only newer servers have (src/ingest/sink/insert-settings.ts). */
  newerSettings: ClickHouseSettings;
  /** A condition on the rows of the body; undefined: all of them. With it an insert may have nothing to write. */
  absentOnly?: string | undefined;
  /**
   * Of a repeat: columns that it fills with what the table holds for its rows already, instead of leaving them to the
   * table's clock or taking the body's values.
   */
  heldClocks?: HeldClocks | undefined;
}

/** What a loud fence says (`isLateError` in insert.ts). */
export const LATE_TEXT = "the insert begins after its deadline";

/**
 * The statement; its data come in the request's body.
 *
 * The body has a structure of its own, `input(…)`, which says what its bytes mean; a plain insert would have them read by
 * whatever the table's columns are when it arrives.
 */
export function insertStatement(
  { table, columns, format }: { table: string; columns: readonly InsertColumn[]; format: string },
  terms: InsertTerms,
): string {
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  const structure = columns.map((column, index) => inBody(column, index, format)).join(", ");
  const isPlain = !columns.some(isOptional);
  // All of them, in this order: a column is named as seldom as can be.
  const chosen = isPlain ? "*" : columns.map((column, index) => selected(column, index, terms.shape)).join(", ");
  const words = isPlain ? "" : otherColumns(columns, terms.shape);
  const { absentOnly = "" } = terms;
  const conditions = [shareOf(terms), fenceOf(terms), shapeCondition(table, terms.shape), absentOnly].filter(
    (text) => text !== "",
  );
  const rows = `${words}SELECT ${chosen} FROM input(${quoteText(structure)}) WHERE ${conditions.join(" AND ")}`;
  const formatWord = format === "Native" ? format : "RowBinary";
  const { heldClocks } = terms;
  if (heldClocks === undefined) return `INSERT INTO ${table} (${names}) ${rows} FORMAT ${formatWord}`;
  const share = shareOf(terms);
  const { lookup, wordFor, readings } = heldClocksWords(table, heldClocks, share === "" ? "" : `${share} AND `);
  const into = [names, ...heldClocks.columns.map(({ name }) => quoteName(name))].join(", ");
  const values = [...columns.map(({ name }) => wordFor(name)), ...readings].join(", ");
  // The fence inside: the server takes its time before the clocks are looked up, however long that takes.
  return `INSERT INTO ${table} (${into}) ${lookup} SELECT ${values} FROM (${rows}) FORMAT ${formatWord}`;
}

function isOptional({ missing }: InsertColumn): boolean {
  return missing?.kind === "tableDefault";
}

function inBody(column: InsertColumn, index: number, format: string): string {
  const type = typeInBody(column.type.text, format);
  return isOptional(column) ? `${givenName(index)} Array(${type})` : `${quoteName(column.name)} ${type}`;
}

/**
 * The array, by the column's place: the statement of a wide table is long enough. The column's own name is what its value
 * has in the SELECT, for the DEFAULT expressions of other columns.
 */
function givenName(index: number): string {
  return quoteName(`millrace ${index}`);
}

/**
 * LowCardinality is no word of RowBinary: the bytes are those of the type within. Read as that type the values get their
 * dictionary a block at a time, on their way into the table, and not one by one: of 1.8 CPU s a million rows, with seven
 * such columns of nineteen, 1.1 are left.
 */
function typeInBody(type: string, format: string): string {
  return format === "Native" ? type : type.replace(/^LowCardinality\((.*)\)$/s, "$1");
}

/**
 * A column's value in the SELECT. `input()` knows nothing of the table's DEFAULT, so the expression stands here, as the
 * table has it: with another one `shapeCondition` throws, and the insert is made anew.
 */
function selected(column: InsertColumn, index: number, { columns }: TableShape): string {
  if (!isOptional(column)) return quoteName(column.name);
  const given = givenName(index);
  const otherwise = expressionOf(columns.get(column.name), typeInBody(column.type.text, "RowBinary"));
  return `if(empty(${given}), ${otherwise}, ${given}[1]) AS ${quoteName(column.name)}`;
}

function expressionOf(column: ShapeColumn | undefined, type: string): string {
  if (column === undefined || column.expression === "") return `defaultValueOfTypeName(${quoteText(type)})`;
  return `CAST(${column.expression}, ${quoteText(type)})`;
}

/** Columns that the insert leaves out, where a DEFAULT expression of the others may speak of them. */
function otherColumns(columns: readonly InsertColumn[], shape: TableShape): string {
  const written = new Set(columns.map(({ name }) => name));
  let texts = columns.filter(isOptional).map(({ name }) => shape.columns.get(name)?.expression ?? "");
  const words: string[] = [];
  let rest = [...shape.columns.values()].filter(({ name }) => !written.has(name));
  while (texts.length > 0) {
    // One that is not meant is named for nothing, and never computed.
    const named = rest.filter(({ name }) => texts.some((text) => text.includes(name)));
    rest = rest.filter((column) => !named.includes(column));
    for (const column of named) words.push(`${expressionOf(column, column.type)} AS ${quoteName(column.name)}`);
    texts = named.map(({ expression }) => expression);
  }
  return words.length === 0 ? "" : `WITH ${words.join(", ")} `;
}

/** A constant to the server: it takes its clock once, when the query begins, before the body is read. */
function fenceOf({ deadlineMs, isLoud }: InsertTerms): string {
  const deadline = `fromUnixTimestamp64Milli(${Math.floor(deadlineMs)})`;
  return isLoud ? `throwIf(now64(3) >= ${deadline}, '${LATE_TEXT}') = 0` : `now64(3) < ${deadline}`;
}

/** In a tuple, because the hash of a NULL is NULL, and such rows would be in no piece. */
function shareOf({ share }: InsertTerms): string {
  return share === undefined
    ? ""
    : `sipHash64(tuple(${share.partitionKey})) % ${share.shareCount} = ${share.shareIndex}`;
}
