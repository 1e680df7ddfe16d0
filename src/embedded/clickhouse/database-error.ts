/** A failure in ClickHouse's own terms: what the HTTP interface reports in its body and exception-code header. */
export class DatabaseError extends Error {
  /** ClickHouse's error code, for example 60 for UNKNOWN_TABLE. */
  readonly databaseCode: number;

  constructor(databaseCode: number, message: string) {
    super(message);
    this.name = "DatabaseError";
    this.databaseCode = databaseCode;
  }
}

const databaseCodes = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  READONLY: 164,
  NOT_ENOUGH_SPACE: 243,
  ZLIB_INFLATE_FAILED: 354,
  INTO_OUTFILE_NOT_ALLOWED: 358,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_IS_TOO_LARGE: 229,
  ABORTED: 236,
  AUTHENTICATION_FAILED: 516,
} as const;

/** An error raised by this server itself, worded like the engine's: text, then the code's name in brackets. */
export function databaseError(name: keyof typeof databaseCodes, text: string): DatabaseError {
  const code = databaseCodes[name];
  return new DatabaseError(code, `Code: ${code}. DB::Exception: ${text} (${name})`);
}

/** Reads the code out of an engine message; 1002 (UNKNOWN_EXCEPTION) when it carries none. */
export function fromEngineError(thrown: unknown): DatabaseError {
  if (thrown instanceof DatabaseError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const match = /Code: (\d+)\. DB::Exception: /.exec(text);
  if (match === null) return new DatabaseError(1002, `Code: 1002. DB::Exception: ${text} (UNKNOWN_EXCEPTION)`);
  // Insert data read from a file is reported twice, once by the reader and once by the statement around it.
  const body = text.slice(match.index).replace(/^(Code: \d+\. DB::Exception: )(?:Code: \d+\. DB::Exception: )+/, "$1");
  return new DatabaseError(Number(match[1]), body.trimEnd());
}

// The groups of the server's src/Server/HTTP/exceptionCodeToHTTPStatus.cpp; whatever is not listed is a 500.
const statusOfCodes: [status: number, codes: number[]][] = [
  [401, [194]],
  [403, [192, 193, 516, 512, 497]],
  [400, [36, 427, 6, 25, 26, 38, 41, 72, 441, 675, 676, 27, 376, 15, 44, 37, 123, 8, 167, 168, 223, 62, 117, 53, 321]],
  [404, [60, 46, 47, 50, 56, 81, 115, 152, 63, 73, 336, 78, 511]],
  [413, [229]],
  [501, [48]],
  // 202 is a 500 on the server; an overload that a client should wait out is a 503 here.
  [503, [209, 76, 439, 202]],
  [411, [381]],
  [408, [159]],
];
const statusByCode = new Map(statusOfCodes.flatMap(([status, codes]) => codes.map((code) => [code, status])));

/** The HTTP status that ClickHouse's HTTP interface gives an exception with this code. */
export function httpStatusOf(databaseCode: number): number {
  return statusByCode.get(databaseCode) ?? 500;
}
