import { setTimeout as sleep } from "node:timers/promises";

/** A run takes less than one on two quiet cores. */
const LONGEST_MS = 180_000;

/**
 * Polls: what is waited for comes as soon as the machine can.
 *
 * @throws Error that says what did not come in three minutes.
 */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const begunMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begunMs > LONGEST_MS) throw new Error(`waited three minutes for this: ${what}`);
    await sleep(200);
  }
}
