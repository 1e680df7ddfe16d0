import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteName } from "../../clients/clickhouse/sql-text.ts";
import { MillraceError } from "../../core/errors.ts";
import { nearestName } from "../../core/nearest-name.ts";
import type { Match } from "./match.ts";

export type TableRow = Readonly<Record<string, unknown>>;

export interface TableReaderOptions {
  client: ClickHouseClient;
  database: string;
  table: string;
  /** The time that rows are ordered by; undefined: chosen by `timeColumn`. */
  by: string | undefined;
  matches: readonly Match[];
  /** Rows of this time and younger; undefined: the newest few. */
  fromMs: number | undefined;
}

export interface TableRound {
  rows: TableRow[];
  /** There were more: only the newest are shown. */
  isCut: boolean;
}

/** A terminal shows no more in a second. */
const ROWS_MAX = 500;
const FIRST_ROWS = 10;
/** Rows become visible a little later than their time says, and not in its order. */
const LATE_MS = 3_000;
/** Parts that were written or merged so lately are looked at, and nothing else of the table. */
const FRESH_PARTS_SECONDS = 15;
const FIRST_PARTS = 8;
/** A look must not take the machine away from the inserts. */
const SETTINGS = "SETTINGS max_threads = 1, max_execution_time = 20";

interface Column {
  name: string;
  type: string;
  default_expression: string;
}

/** Follows a table: its newest rows, then what is added. Reads only parts that are new. */
export class TableReader {
  readonly #options: TableReaderOptions;
  readonly #by: string;
  readonly #hasParts: boolean;
  /** Of rows shown whose time is not yet LATE_MS old: time by hash. */
  readonly #shown = new Map<string, number>();
  #lastMs: number | undefined;
  /** The oldest time of the first rows: what is older, or as old and was cut away, is not new later. */
  #floorMs = Number.NEGATIVE_INFINITY;

  private constructor(options: TableReaderOptions, by: string, hasParts: boolean) {
    this.#options = options;
    this.#by = by;
    this.#hasParts = hasParts;
  }

  /** @throws MillraceError E_CONFIG for a column that the table does not have, or a table without a time. */
  static async open(options: TableReaderOptions): Promise<TableReader> {
    const { client, database, table, matches } = options;
    const columns = await queryRows<Column>(
      client,
      "SELECT name, type, default_expression FROM system.columns WHERE database = {database:String} AND table = {table:String}",
      { database, table },
    );
    const names = columns.map(({ name }) => name);
    for (const { field } of matches) requireColumn("--match", field, names);
    if (options.by !== undefined) requireColumn("--by", options.by, names);
    const by = options.by ?? timeColumn(columns);
    if (by === undefined) {
      throw new MillraceError(
        "E_CONFIG",
        `${database}.${table} has no column with a time, by which its newest rows could be told: name another one with --by`,
      );
    }
    const [engine] = await queryRows<{ engine: string }>(
      client,
      "SELECT engine FROM system.tables WHERE database = {database:String} AND name = {table:String}",
      { database, table },
    );
    return new TableReader(options, by, engine?.engine.endsWith("MergeTree") === true);
  }

  /** The column that rows are ordered by. */
  get by(): string {
    return this.#by;
  }

  /** The newest rows at the first call, later those that were added. The oldest first. */
  async round(): Promise<TableRound> {
    const { client, fromMs } = this.#options;
    const isFirst = this.#lastMs === undefined;
    const parts = this.#hasParts ? await this.#parts(isFirst) : undefined;
    if (parts?.length === 0) return { rows: [], isCut: false };
    const since = this.#lastMs === undefined ? fromMs : Math.max(this.#lastMs - LATE_MS, this.#floorMs);
    const limit = isFirst && fromMs === undefined ? FIRST_ROWS : ROWS_MAX;
    const found = await queryRows<TableRow & { tailHash: string; tailMs: number }>(
      client,
      this.#statement(limit, since),
      {
        ...Object.fromEntries(this.#options.matches.map(({ value }, index) => [`match${index}`, value])),
        ...(parts === undefined ? {} : { parts }),
        ...(since === undefined ? {} : { since: since / 1_000 }),
      },
    );
    const isCut = found.length > limit;
    const fresh = found
      .slice(0, limit)
      .filter(({ tailHash, tailMs }) => tailMs > this.#floorMs && !this.#shown.has(tailHash))
      .reverse();
    this.#note(fresh);
    this.#lastMs ??= Date.now();
    if (isFirst && isCut) this.#floorMs = fresh[0]!.tailMs;
    return {
      rows: fresh.map(({ tailHash: _, tailMs: __, ...row }) => row),
      // Nobody expects the whole table at first.
      isCut: isCut && !(isFirst && fromMs === undefined),
    };
  }

  #note(rows: readonly { tailHash: string; tailMs: number }[]): void {
    for (const { tailHash, tailMs } of rows) {
      this.#shown.set(tailHash, tailMs);
      this.#lastMs = Math.max(this.#lastMs ?? 0, tailMs);
    }
    for (const [hash, ms] of this.#shown) if (ms < this.#lastMs! - 2 * LATE_MS) this.#shown.delete(hash);
  }

  #statement(limit: number, since: number | undefined): string {
    const { database, table, matches } = this.#options;
    const by = quoteName(this.#by);
    const conditions = [
      ...(this.#hasParts ? ["_part IN {parts:Array(String)}"] : []),
      ...(since === undefined ? [] : [`${by} >= toDateTime64({since:Float64}, 3)`]),
      ...matches.map(({ field }, index) => `ifNull(toString(${quoteName(field)}), '') = {match${index}:String}`),
    ];
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    return `SELECT *, toString(sipHash64(toString(tuple(*)))) AS tailHash, toFloat64(toUnixTimestamp64Milli(toDateTime64(${by}, 3))) AS tailMs
      FROM (SELECT * FROM ${quoteName(database)}.${quoteName(table)} ${where} ORDER BY ${by} DESC LIMIT ${limit + 1}) ORDER BY ${by} DESC ${SETTINGS}`;
  }

  async #parts(isFirst: boolean): Promise<string[]> {
    const { client, database, table, fromMs } = this.#options;
    const fresh = isFirst ? "" : `AND modification_time >= now() - ${FRESH_PARTS_SECONDS}`;
    const few = isFirst && fromMs === undefined ? `LIMIT ${FIRST_PARTS}` : "";
    const rows = await queryRows<{ name: string }>(
      client,
      `SELECT name FROM system.parts WHERE active AND database = {database:String} AND table = {table:String} ${fresh}
        ORDER BY modification_time DESC ${few}`,
      { database, table },
    );
    return rows.map(({ name }) => name);
  }
}

/** When ClickHouse builds the row, where the table notes it; else a time that grows with the inserts; else any time. */
export function timeColumn(columns: readonly Column[]): string | undefined {
  const times = columns.filter(({ type }) => /^(?:Nullable\()?DateTime/.test(type));
  const clock = times.find(({ default_expression }) => /\bnow(?:64)?\(/.test(default_expression));
  const named = ["stored_ts", "processed_ts", "kafka_timestamp", "ingest_ts"].map((wanted) =>
    times.find(({ name }) => name === wanted),
  );
  return (clock ?? named.find((column) => column !== undefined) ?? times[0])?.name;
}

function requireColumn(option: string, column: string, known: readonly string[]): void {
  if (known.includes(column)) return;
  const nearest = nearestName(column, known);
  const hint = nearest === undefined ? `it has ${known.join(", ")}` : `is ${nearest} meant?`;
  throw new MillraceError("E_CONFIG", `${option} ${column}: the table has no such column: ${hint}`);
}
