import { totalmem } from "node:os";

const MEBIBYTE = 1024 * 1024;
/** Peak of the demo's four processes without what the profile lets the ingester hold: measured with 2,000 events/s. */
const DEMO_MIB = 1_000;

/**
 * What to say before the demo runs where it may not fit; undefined when it does.
 *
 * @param budgetBytes the profile's byte budget, which the ingester and its buffers may hold beside each other.
 */
export function memoryWarning(machineBytes: number, budgetBytes: number): string | undefined {
  const neededMiB = DEMO_MIB + (2 * budgetBytes) / MEBIBYTE;
  if (machineBytes >= neededMiB * MEBIBYTE) return undefined;
  const [needed, there] = [neededMiB, machineBytes / MEBIBYTE].map((mebibytes) => (mebibytes / 1024).toFixed(1));
  return `the demo (Kafka, ClickHouse, simulator, ingester) takes up to ${needed} GiB of memory, and there are ${there}: --profile low takes less`;
}

/** The machine's memory, or what a container may have of it. */
export function machineBytes(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
