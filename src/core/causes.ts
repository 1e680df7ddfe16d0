/** What errors of libraries carry, as far as it is read. */
export interface Cause {
  name: string;
  message: string;
  code?: unknown;
  type?: string;
  broker?: string;
  syscall?: string;
  path?: string;
}

/** The error, its causes, and the members of aggregates, outermost first; at most 16 of them. */
export function causesOf(error: unknown): Cause[] {
  const found: Error[] = [];
  const open: unknown[] = [error];
  while (open.length > 0 && found.length < 16) {
    const next = open.shift();
    if (!(next instanceof Error) || found.includes(next)) continue;
    found.push(next);
    if (next instanceof AggregateError) open.push(...next.errors);
    open.push(next.cause);
  }
  return found;
}
