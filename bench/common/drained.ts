import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { lagOf, readOffsets } from "../../src/clients/kafka/offsets.ts";

export interface Drained {
  /** Records that the group has not committed. */
  lag: number;
  waitedMs: number;
}

/** Waits until the group has committed all that the topics hold, at most `timeoutMs`; looks every `pollMs`. */
export async function waitForDrain(
  admin: Admin,
  groupId: string,
  topics: string[],
  timeoutMs: number,
  pollMs: number = 200,
): Promise<Drained> {
  const startMs = Date.now();
  for (;;) {
    const lag = (await readOffsets(admin, groupId, topics)).reduce((sum, partition) => sum + lagOf(partition), 0);
    const waitedMs = Date.now() - startMs;
    if (lag === 0 || waitedMs >= timeoutMs) return { lag, waitedMs };
    await sleep(pollMs);
  }
}
