import type { ClickHouseClient } from "@clickhouse/client";
import { alteredText } from "../../clients/clickhouse/altered-text.ts";
import { queryVerifiedRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { MillraceError } from "../../core/errors.ts";
import { isSameOrWider } from "./column-change.ts";
import type { InsertColumn } from "./insert-column.ts";

/** A column as `system.columns` has it. */
export interface ShapeColumn {
  name: string;
  type: string;
  /** "", DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL. */
  kind: string;
  /** As ClickHouse prints it; "" without one. */
  expression: string;
}

/** What a table looked like when it was asked. */
export interface TableShape {
  /** A digest of all columns, as the server computes it: an insert says which it was made for (`shapeCondition`). */
  version: string;
  columns: Map<string, ShapeColumn>;
}

/** In no order, because ClickHouse reads the columns in any. */
const versionSql = "groupBitXor(sipHash64(formatRow('RowBinary', name, type, default_kind, default_expression)))";

/**
 * A condition that is true as long as the table has this shape, and throws otherwise, before a row is written: made for
 * UInt32, a value that goes into what is UInt8 by now would be cut to its last byte without a word.
 *
 * A set, and not a scalar: the server makes sets when the insert runs, when it has settled for the table's columns. A
 * scalar is computed before, and an ALTER could come between. An insert of one row took 10 ms with it and 7 without, on two
 * busy cores.
 */
export function shapeCondition(table: string, { version }: TableShape): string {
  const check = `throwIf(${versionSql} != ${version}, ${quoteText(alteredText)})`;
  return `1 IN (SELECT 1 + ${check} FROM system.columns WHERE ${isOf(table)})`;
}

/** Asks the server. A table that is not there has no columns. @throws as queryVerifiedRows(). */
export async function readShape(client: ClickHouseClient, table: string): Promise<TableShape> {
  // In one reading: an ALTER between the columns and their digest would give the old ones the new digest.
  const [row] = await queryVerifiedRows<{ columns: [string, string, string, string][]; version: string }>(
    client,
    `SELECT groupArray([name, type, default_kind, default_expression]) AS columns, toString(${versionSql}) AS version
      FROM system.columns WHERE ${isOf(table)}`,
  );
  const columns = (row?.columns ?? []).map(([name, type, kind, expression]) => ({ name, type, kind, expression }));
  return { version: row?.version ?? "0", columns: new Map(columns.map((column) => [column.name, column])) };
}

function isOf(table: string): string {
  const dot = table.indexOf(".");
  return `database = ${quoteText(table.slice(0, dot))} AND table = ${quoteText(table.slice(dot + 1))}`;
}

/** @throws MillraceError E_CLICKHOUSE when a column has changed so that rows made for these columns mean nothing in it. */
export function checkFit(table: string, shape: TableShape, columns: readonly InsertColumn[]): void {
  const misfits = columns.flatMap((column) => misfitOf(column, shape.columns.get(column.name)) ?? []);
  if (misfits.length > 0) throw misfit(table, misfits);
}

/** The shapes of the tables that a sink writes to, asked once, and again after an insert found another. */
export class TableShapes {
  readonly #client: ClickHouseClient;
  readonly #onAltered: (table: string, changes: string[]) => void;
  readonly #shapes = new Map<string, Promise<TableShape>>();
  readonly #before = new Map<string, TableShape>();

  constructor(client: ClickHouseClient, onAltered: (table: string, changes: string[]) => void) {
    this.#client = client;
    this.#onAltered = onAltered;
  }

  /**
   * The table's shape, in which rows with these columns mean what they say.
   *
   * @throws MillraceError E_CLICKHOUSE when a column has changed so that they do not; what the client throws.
   */
  async fitting(table: string, columns: readonly InsertColumn[]): Promise<TableShape> {
    const asked = this.#shapes.get(table) ?? readShape(this.#client, table);
    this.#shapes.set(table, asked);
    const shape = await asked.catch((error) => {
      this.forget(table);
      throw error;
    });
    this.#tell(table, shape);
    try {
      checkFit(table, shape, columns);
    } catch (error) {
      // Whoever asks again may find it mended.
      this.forget(table);
      throw error;
    }
    return shape;
  }

  /** The table has changed: it is asked again. */
  forget(table: string): void {
    this.#shapes.delete(table);
  }

  #tell(table: string, shape: TableShape): void {
    const before = this.#before.get(table);
    this.#before.set(table, shape);
    if (before === undefined || before.version === shape.version) return;
    const names = new Set([...before.columns.keys(), ...shape.columns.keys()]);
    const changes = [...names].flatMap(
      (name) => changeOf(name, before.columns.get(name), shape.columns.get(name)) ?? [],
    );
    this.#onAltered(table, changes);
  }
}

function misfitOf(column: InsertColumn, now: ShapeColumn | undefined): string | undefined {
  // A column that is gone the server names itself.
  if (now === undefined || isSameOrWider(column.type.text, now.type)) return undefined;
  return `column ${column.name} is ${now.type} by now, the rows were made for ${column.type.text}`;
}

function misfit(table: string, misfits: string[]): MillraceError {
  return new MillraceError(
    "E_CLICKHOUSE",
    `Cannot insert into ${table}: ${misfits.join("; ")}. Nothing of these rows was written, and their offsets are not ` +
      "committed. Start Millrace again: it then reads the columns anew, and the same records from Kafka",
  );
}

function changeOf(name: string, before: ShapeColumn | undefined, now: ShapeColumn | undefined): string | undefined {
  if (before === undefined) return `${name} ${textOf(now!)} added`;
  if (now === undefined) return `${name} dropped`;
  if (textOf(before) === textOf(now)) return undefined;
  return `${name} was ${textOf(before)}, is ${textOf(now)}`;
}

function textOf({ type, kind, expression }: ShapeColumn): string {
  return [type, kind, expression].filter((word) => word !== "").join(" ");
}
