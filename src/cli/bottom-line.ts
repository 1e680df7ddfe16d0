/**
 * A line at the bottom of the terminal that is rewritten again and again. Whatever else is written meanwhile, such as the
 * log, goes above it: each write to the terminal takes the line away first and puts it back afterwards (`output.ts`).
 */

const ERASE = "\r\x1b[K";
const COLUMNS_DEFAULT = 80;

let shown = "";
let isDrawing = false;

/** Shows `fields`, as many as fit into one row of the terminal: a longer line would scroll it at each rewrite. */
export function showBottomLine(fields: readonly string[]): void {
  // In the last column some terminals wrap at once.
  shown = fit(fields, (process.stdout.columns ?? COLUMNS_DEFAULT) - 1);
  draw(`${ERASE}${shown}`);
}

/** The first of `fields` that have room in `columns` together; of a first one that has none, its beginning. */
export function fit(fields: readonly string[], columns: number): string {
  let line = fields[0] ?? "";
  for (const field of fields.slice(1)) {
    if (line.length + 2 + field.length > columns) break;
    line = `${line}  ${field}`;
  }
  return line.slice(0, Math.max(0, columns));
}

/** Leaves the line as it stands and goes on below it. */
export function endBottomLine(): void {
  if (shown === "") return;
  shown = "";
  draw("\n");
}

/** Runs `write`, which writes `text` to the terminal, above the line. */
export function aboveBottomLine<T>(text: string, write: () => T): T {
  if (shown === "" || isDrawing) return write();
  draw(ERASE);
  const result = write();
  if (text.endsWith("\n")) draw(shown);
  return result;
}

function draw(text: string): void {
  isDrawing = true;
  try {
    process.stdout.write(text);
  } finally {
    isDrawing = false;
  }
}
