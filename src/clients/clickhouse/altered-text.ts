/** What the server is made to answer when the table is no longer as an insert was made for (src/ingest/sink/table-shape.ts). */
export const alteredText = "the table was altered since the insert was made for it";

/** Whether a server's message is that answer. */
export function isAlteredText(message: string): boolean {
  return message.startsWith(alteredText);
}
