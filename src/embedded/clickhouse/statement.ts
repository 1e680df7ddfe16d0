/**
 * Finds the parts of a statement that the HTTP interface has to know: what kind it is, where an insert's data begin,
 * where its clauses stand, which format the answer has. Texts are "latin1" strings, one character for each byte, so that
 * offsets are byte offsets and binary data after a statement does no harm.
 */
import { readToken, type Token, tokenName } from "../../clients/clickhouse/sql-tokens.ts";

export type InsertData = {
  /** Format name as written; `Values` for a VALUES clause. */
  format: string;
  /** Offset of the FORMAT or VALUES keyword. */
  clauseStart: number;
  /** Offset of the first byte of data. It equals the text's length when the data come in the request body. */
  dataStart: number;
};

export type Statement = {
  /** First keyword in upper case, empty for an empty text. */
  kind: string;
  /** Where the statement ends, without its closing semicolon. For an insert with data: the end of the head. */
  end: number;
  /** True if another statement follows the semicolon. */
  isMultiple: boolean;
  /** Format named by the FORMAT clause of a statement that answers with rows. */
  outputFormat: string | undefined;
  /** INTO OUTFILE or FROM INFILE is present: files of the server's machine. */
  namesFile: boolean;
  /** Tables read or written, as written, in order, each once. */
  tables: string[];
  isTemporaryTable: boolean;
  insert:
    | undefined
    | {
        data: InsertData | undefined;
        /** Where FROM INFILE belongs: before SETTINGS, FORMAT or VALUES, whichever is first. */
        infileAt: number;
        /** Where its SELECT begins, if it has one. */
        selectAt: number | undefined;
        /** The `input(...)` table function that the SELECT of the insert reads from. */
        input: { start: number; end: number; args: string } | undefined;
      };
};

type Cursor = { text: string; token: Token; previous: Token; depth: number; statement: Statement };

function advance(cursor: Cursor): void {
  const { token } = cursor;
  if (token.kind === "sign") {
    if ("([{".includes(token.text)) cursor.depth++;
    else if (")]}".includes(token.text)) cursor.depth--;
  }
  cursor.previous = token;
  cursor.token = readToken(cursor.text, token.end);
}

function isName(token: Token): boolean {
  return token.kind === "word" || token.kind === "quoted";
}

/** Reads `name` or `database.name` at the cursor and leaves the cursor behind it. */
function readPath(cursor: Cursor): string {
  let path = "";
  while (isName(cursor.token)) {
    path += tokenName(cursor.text, cursor.token);
    advance(cursor);
    if (cursor.token.text !== ".") break;
    path += ".";
    advance(cursor);
  }
  return path;
}

function addTable(cursor: Cursor, path: string): void {
  if (path !== "" && !cursor.statement.tables.includes(path)) cursor.statement.tables.push(path);
}

/** Data begin after blanks and at most one line end after the clause, as the server's insert parser has it. */
function dataOffset(text: string, clauseEnd: number, isValues: boolean): number {
  if (isValues) return clauseEnd;
  let at = clauseEnd;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\f") at++;
  if (text[at] === "\r") at++;
  if (text[at] === "\n") at++;
  return at;
}

/** Handles what any token can mean in any statement. */
function noteToken(cursor: Cursor): void {
  const { token, previous, statement } = cursor;
  if (token.text === "OUTFILE" && previous.text === "INTO") statement.namesFile = true;
  if (token.text === "INFILE" && previous.text === "FROM") statement.namesFile = true;
  if (token.text === "TEMPORARY" && previous.text === "CREATE") statement.isTemporaryTable = true;
}

const tableKeywords = new Set(["FROM", "JOIN", "INTO", "TABLE"]);
// What may follow those keywords without being a name: CREATE TABLE IF NOT EXISTS, FROM INFILE, INTO OUTFILE.
const notTables = new Set(["IF", "INFILE", "OUTFILE", "SELECT"]);

/** Reads a table's name where one is due; a table function has brackets after its name and is none. */
function readTable(cursor: Cursor): boolean {
  if (!tableKeywords.has(cursor.previous.text) || !isName(cursor.token)) return false;
  if (tableKeywords.has(cursor.token.text) || notTables.has(cursor.token.text)) return false;
  // CREATE TABLE t (…) has brackets after a table's name; elsewhere they make it a table function.
  const isTarget = cursor.previous.text === "TABLE";
  const path = readPath(cursor);
  if (isTarget || cursor.token.text !== "(") addTable(cursor, path);
  cursor.statement.end = cursor.previous.end;
  return true;
}

/** Reads the rest of a statement that carries no data. */
function readPlain(cursor: Cursor): void {
  const { statement } = cursor;
  while (cursor.token.kind !== "end") {
    noteToken(cursor);
    if (cursor.token.text === ";") {
      statement.end = cursor.token.start;
      statement.isMultiple = readToken(cursor.text, cursor.token.end).kind !== "end";
      return;
    }
    if (readTable(cursor)) continue;
    if (cursor.token.text === "FORMAT" && cursor.depth === 0) {
      const name = readToken(cursor.text, cursor.token.end);
      const after = readToken(cursor.text, name.end);
      // A column may be called format: the clause is the one at the end.
      if (name.kind === "word" && (after.kind === "end" || after.text === ";" || after.text === "SETTINGS")) {
        statement.outputFormat = tokenName(cursor.text, name);
      }
    }
    advance(cursor);
    statement.end = cursor.previous.end;
  }
}

/** Leaves the cursor past the bracket that closes the one at the cursor; returns where that is. */
function skipBrackets(cursor: Cursor): number {
  const { depth } = cursor;
  advance(cursor);
  while (cursor.depth > depth && cursor.token.kind !== "end") advance(cursor);
  return cursor.previous.end;
}

type Insert = NonNullable<Statement["insert"]>;

/** Takes FORMAT or VALUES at the cursor for the clause in front of the data, unless it is a name that looks alike. */
function readDataClause(cursor: Cursor, insert: Insert): boolean {
  const { text, token, statement } = cursor;
  const isFormat = token.text === "FORMAT";
  const isValues = token.text === "VALUES" && insert.selectAt === undefined;
  const hasNoSource = insert.selectAt === undefined || insert.input !== undefined;
  if (cursor.depth !== 0 || statement.namesFile || !hasNoSource || !(isFormat || isValues)) return false;
  const name = readToken(text, token.end);
  if (isFormat && name.kind !== "word") return false;
  const clauseEnd = isFormat ? name.end : token.end;
  insert.data = {
    format: isFormat ? tokenName(text, name) : "Values",
    clauseStart: token.start,
    dataStart: dataOffset(text, clauseEnd, isValues),
  };
  statement.end = token.start;
  return true;
}

/** Reads `input(...)` at the cursor; false if that is not what stands there. */
function readInput(cursor: Cursor, insert: Insert): boolean {
  const { text, token } = cursor;
  const open = readToken(text, token.end);
  if (token.text !== "INPUT" || insert.selectAt === undefined || open.text !== "(") return false;
  advance(cursor);
  const end = skipBrackets(cursor);
  insert.input = { start: token.start, end, args: text.slice(open.end, end - 1).trim() };
  return true;
}

/** Reads an INSERT from after its target: column list, SETTINGS, then VALUES, FORMAT or SELECT. */
function readInsert(cursor: Cursor): void {
  const { statement } = cursor;
  const insert: Insert = { data: undefined, infileAt: 0, selectAt: undefined, input: undefined };
  statement.insert = insert;
  while (cursor.token.kind !== "end") {
    const { token } = cursor;
    noteToken(cursor);
    if (token.text === ";" && cursor.depth === 0) {
      readPlain(cursor);
      return;
    }
    if (cursor.depth === 0 && insert.selectAt === undefined) {
      const isClause = token.text === "SETTINGS" || token.text === "FORMAT" || token.text === "VALUES";
      if (insert.infileAt === 0 && isClause) insert.infileAt = token.start;
    }
    // At any depth: the SELECT may stand in brackets.
    if (token.text === "SELECT" || token.text === "WITH") insert.selectAt ??= token.start;
    if (readInput(cursor, insert)) continue;
    if (readDataClause(cursor, insert)) return;
    if (!readTable(cursor)) advance(cursor);
    statement.end = cursor.previous.end;
  }
}

/** Reads a statement's outline. Never throws: what it does not understand is left to the engine's own parser. */
export function readStatement(text: string): Statement {
  const first = readToken(text, 0);
  const statement: Statement = {
    kind: first.text,
    end: first.end,
    isMultiple: false,
    outputFormat: undefined,
    namesFile: false,
    tables: [],
    isTemporaryTable: false,
    insert: undefined,
  };
  const cursor: Cursor = { text, token: first, previous: first, depth: 0, statement };
  if (first.text === "(") {
    // A SELECT in brackets; the first word inside tells the kind.
    for (let token = first; token.kind !== "end"; token = readToken(text, token.end)) {
      if (token.kind === "word") {
        statement.kind = token.text;
        break;
      }
    }
    readPlain(cursor);
    return statement;
  }
  advance(cursor);
  if (first.text !== "INSERT") {
    readPlain(cursor);
    return statement;
  }
  if (cursor.token.text === "INTO") advance(cursor);
  if (cursor.token.text === "TABLE") advance(cursor);
  if (cursor.token.text === "FUNCTION") advance(cursor);
  const target = readPath(cursor);
  addTable(cursor, target);
  statement.end = cursor.previous.end;
  readInsert(cursor);
  return statement;
}
