/** A log on standard error, each line headed by the seconds since the start: standard output belongs to the results. */
export function progressLog(): (line: string) => void {
  const startedMs = performance.now();
  return (line) => {
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    console.error(`${seconds.padStart(6)} s  ${line}`);
  };
}
