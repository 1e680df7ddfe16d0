/**
 * Hides one warning of the runtime: kafkajs 2.2.4 computes timer delays from deadlines that may have passed, and Node 24
 * prints a TimeoutNegativeWarning for each. The timers then fire at once, which is what is meant. All other warnings
 * still appear.
 */
export function hideNegativeTimeoutWarnings(): void {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const [options] = rest;
    const name = typeof options === "string" ? options : (options as { type?: string } | undefined)?.type;
    if (name === "TimeoutNegativeWarning") return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
}
