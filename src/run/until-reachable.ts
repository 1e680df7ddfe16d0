import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { isPassingConnectionError } from "../clients/connection-codes.ts";
import { classifyKafkaError } from "../clients/kafka/classify-error.ts";
import { jitteredPauseMs } from "../core/backoff.ts";
import { unlessAborted } from "../core/within.ts";

/** A server that is restarted is back within this time, or somebody has to look. */
const PATIENCE_MS = 60_000;
const PAUSES = { firstMs: 200, maxMs: 5_000 };

/** Whether the connection failed, not the request: in the error or in what caused it. */
function isUnreachable(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isPassingConnectionError(at)) return true;
    if (at.name.startsWith("KafkaJS") && classifyKafkaError(at).class === "retry") return true;
  }
  return false;
}

/**
 * Calls again while the server does not answer, for a minute: at three in the morning servers are started in any order.
 *
 * @throws what `call` throws, at once when the connection is not to blame, and the signal's reason as soon as it aborts,
 * also while a call is under way: a server that accepts a connection and does not answer must not keep a person waiting.
 */
export async function untilReachable<T>(
  what: string,
  log: Logger,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (let failures = 1; ; failures += 1) {
    const pauseMs = jitteredPauseMs(failures, PAUSES);
    signal.throwIfAborted();
    try {
      return await unlessAborted(call(), signal);
    } catch (error) {
      if (signal.aborted || !isUnreachable(error) || performance.now() + pauseMs > deadlineMs) throw error;
      log.warn(`${what} does not answer (${(error as Error).message}), next try in ${pauseMs} ms`);
    }
    await unlessAborted(sleep(pauseMs), signal);
  }
}
