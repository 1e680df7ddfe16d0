/** One record of a CSV text (RFC 4180), with the line that it begins in. */
export interface CsvRecord {
  line: number;
  fields: string[];
}

/** What is no CSV, and in which line. */
export class CsvFault extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * The records of a text, without empty lines: fields divided by commas, in quotes where they have a comma, a quote ("") or a
 * line end in them.
 *
 * @throws CsvFault for a quote that is never closed, or stands where none may be.
 */
export function csvRecords(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  const rest = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  let line = 1;
  let at = 0;
  while (at < rest.length) {
    const record: CsvRecord = { line, fields: [] };
    for (;;) {
      const field = rest[at] === '"' ? quotedField(rest, at, line) : plainField(rest, at, line);
      record.fields.push(field.text);
      line += field.lineEnds;
      at = field.end + 1;
      if (rest[field.end] !== ",") break;
    }
    line += 1;
    if (record.fields.length > 1 || record.fields[0]!.trim() !== "") records.push(record);
  }
  return records;
}

interface Field {
  text: string;
  /** Where the comma or the line end after it stands, or the end of the text. */
  end: number;
  lineEnds: number;
}

function plainField(text: string, from: number, line: number): Field {
  let end = from;
  while (end < text.length && text[end] !== "," && text[end] !== "\n") {
    if (text[end] === '"')
      throw new CsvFault(line, 'a quote in the middle of a field: write the whole field in quotes, and "" for a quote');
    end += 1;
  }
  return { text: text.slice(from, end), end, lineEnds: 0 };
}

function quotedField(text: string, from: number, line: number): Field {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) throw new CsvFault(line, "a quote is opened and never closed");
    if (text[quote + 1] !== '"') {
      at = quote;
      break;
    }
    at = quote + 2;
  }
  const inside = text.slice(from + 1, at);
  const end = at + 1;
  const lineEnds = inside.split("\n").length - 1;
  if (end < text.length && text[end] !== "," && text[end] !== "\n") {
    throw new CsvFault(line + lineEnds, "text after a closing quote: a comma or the line's end is due there");
  }
  return { text: inside.replaceAll('""', '"'), end, lineEnds };
}
