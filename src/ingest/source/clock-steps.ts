/**
 * kafkajs 2.2.4 measures everything with the wall clock. Set back by an hour, it sends no heartbeat for an hour, and the group
 * puts the member out; it believes its metadata for an hour longer, and waits for an hour for an answer that does not come.
 * So a step back is carried over to the times that it keeps. A time that was read after the step is then an hour too early:
 * what hangs on it is due at once, or a request that is under way is given up and repeated. So it is after a step forward, of
 * itself.
 */

/** What kafkajs keeps by the wall clock, and acts upon; ms since 1970. */
export interface WallClockTimes {
  /** The last heartbeat. */
  lastRequest: number;
  cluster: {
    brokerPool: { metadataExpireAt: number | null; seedBroker?: BrokerTimes; brokers: Record<string, BrokerTimes> };
  };
}

interface BrokerTimes {
  connectionPool: { pool: { requestQueue: QueueTimes }[] };
}

interface QueueTimes {
  /** −1 when it is not throttled. */
  throttledUntil: number;
  inflight: Map<number, { sentAt: number | null }>;
}

/** The wall clock was set when it has moved so much more or less than the steady one. */
const STEP_MS = 500;

/** Sees the steps of the wall clock. */
export class ClockSteps {
  #aheadMs = Date.now() - performance.now();

  /** To be called often. */
  carryTo(times: WallClockTimes): void {
    const aheadMs = Date.now() - performance.now();
    const stepMs = aheadMs - this.#aheadMs;
    if (Math.abs(stepMs) < STEP_MS) return;
    this.#aheadMs = aheadMs;
    if (stepMs < 0) carryStep(times, stepMs);
  }
}

function carryStep(times: WallClockTimes, stepMs: number): void {
  const { brokerPool } = times.cluster;
  times.lastRequest += stepMs;
  if (brokerPool.metadataExpireAt !== null) brokerPool.metadataExpireAt += stepMs;
  const brokers = new Set([
    ...Object.values(brokerPool.brokers),
    ...(brokerPool.seedBroker ? [brokerPool.seedBroker] : []),
  ]);
  for (const { connectionPool } of brokers) {
    for (const { requestQueue } of connectionPool.pool) {
      if (requestQueue.throttledUntil >= 0) requestQueue.throttledUntil += stepMs;
      for (const request of requestQueue.inflight.values()) if (request.sentAt !== null) request.sentAt += stepMs;
    }
  }
}
