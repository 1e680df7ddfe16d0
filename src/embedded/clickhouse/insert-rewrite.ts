import { quoteText } from "../../clients/clickhouse/sql-text.ts";
/**
 * Turns an insert whose data come in the request into one that reads them from a file, which is how the engine takes
 * binary formats of any size:
 *
 * - `INSERT INTO t (a) SETTINGS … FORMAT RowBinary` becomes `INSERT INTO t (a) FROM INFILE '…' SETTINGS … FORMAT
 *   RowBinary`. The engine reads it like insert data, not like a SELECT: types and DEFAULT expressions come from the
 *   target, so RowBinaryWithDefaults and omitted JSON fields work.
 * - `INSERT INTO t SELECT … FROM input('a UInt8') … FORMAT RowBinary` becomes a SELECT from `file('…', 'RowBinary',
 *   'a UInt8')`.
 */
import { databaseError } from "./database-error.ts";

import type { Statement } from "./statement.ts";

/** `head` is the statement's latin1 text up to its FORMAT clause or longer; returns latin1 text. */
export function readInsertFromFile(head: string, statement: Statement, path: string): string {
  const { insert } = statement;
  if (insert?.data === undefined) throw databaseError("SYNTAX_ERROR", "The statement takes no insert data");
  const { data, input, infileAt } = insert;
  const file = quoteText(Buffer.from(path, "utf8").toString("latin1"));
  if (input !== undefined) {
    if (input.args === "") {
      const text = "input() needs its structure as an argument here, for example input('a UInt8, b String')";
      throw databaseError("BAD_ARGUMENTS", text);
    }
    const table = `file(${file}, ${quoteText(data.format)}, ${input.args}, 'none')`;
    return head.slice(0, input.start) + table + head.slice(input.end, data.clauseStart);
  }
  // PARTITION BY of a table function stands before FROM INFILE, as in the engine's grammar.
  const settings = head.slice(infileAt, data.clauseStart);
  return `${head.slice(0, infileAt)} FROM INFILE ${file} COMPRESSION 'none' ${settings} FORMAT ${data.format}`;
}
