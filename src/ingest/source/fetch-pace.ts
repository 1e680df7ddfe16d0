import { nextTickMs } from "../../core/flush-tick.ts";

/** A fetch that brought more is followed by the next one at once: what would come meanwhile is too much for one moment. */
const LITTLE_BYTES = 1024 * 1024;
/** Between two fetches of a light load. A stop, and a rebalance, wait for the end of it. */
const APART_MS = { min: 25, max: 250 };
/** A broker that had nothing for so long may keep the next fetch for so long. */
const QUIET = { afterMs: 1_000, waitMs: 500 };
/**
 * A broker that had something last time is waited for, that its records go into the bundle of the others: so long, or, where
 * it is far away, by so much longer than its answers take.
 */
const PATIENCE = { ms: 50, factor: 1.5, maxMs: 250 };
/** By how much a broker may be slower with each answer than it is known to be. */
const SLOWER = { factor: 1.25, ms: 1 };

/** What a fetch has brought: bytes, and whether a partition has more that can be read by now. */
export interface Brought {
  byteCount: number;
  hasMore: boolean;
}

interface Broker {
  /** When it was asked, or is to be asked at once; undefined while it rests. */
  busySinceMs: number | undefined;
  /** When it is asked again, at the earliest. */
  nextMs: number;
  /** How long it may keep the fetch that is under way. */
  waitMs: number;
  /** How long its answers take at least, those left out that it waited with: a way there and back, and the reading. */
  answerMs?: number;
  /** Since when it has had nothing; undefined when its last answer had something. */
  emptySinceMs: number | undefined;
}

/**
 * When a broker is asked again.
 *
 * A fetch costs both ends a millisecond and more, and each partition that has something 20 µs, be it one event or a
 * hundred. A broker answers with the first byte that comes: under a light load that would be a fetch for every few events,
 * whose records then wait for the flush. So they wait in Kafka instead, once all that was there is read: the next fetch is
 * at the next tick of the flush interval, at the same moment for all brokers, and the bundle is cut when they have answered
 * (`catchesUpInMs`). No record waits longer than with many fetches.
 *
 * After a fetch that brought nothing the next one is sent at once and kept by the broker: the first event does not wait.
 */
export class FetchPace {
  readonly #stepMs: number;
  readonly #brokers = new Map<number, Broker>();
  #hasNews = false;

  /** `flushIntervalMs`: the longest that records may wait for their insert. */
  constructor(flushIntervalMs: number) {
    const { min, max } = APART_MS;
    // Where fetches are further apart than ticks each is in another one, wherever it begins.
    this.#stepMs = Math.max(min, flushIntervalMs / Math.ceil(flushIntervalMs / max));
  }

  /** Notes that a fetch is sent, which the broker may keep for so long when it has nothing. */
  asked(nodeId: number, waitMs: number, nowMs: number): void {
    const broker = this.#broker(nodeId);
    broker.busySinceMs = nowMs;
    broker.waitMs = waitMs;
  }

  /** Notes what a fetch has brought, when it was handed over. */
  returned(nodeId: number, { byteCount, hasMore }: Brought, nowMs: number): void {
    const broker = this.#broker(nodeId);
    noteAnswer(broker, byteCount === 0 ? broker.waitMs : 0, nowMs);
    if (byteCount > 0) {
      this.#hasNews = true;
      broker.emptySinceMs = undefined;
    } else broker.emptySinceMs ??= nowMs;
    const isLittle = byteCount > 0 && byteCount < LITTLE_BYTES && !hasMore;
    broker.nextMs = isLittle ? nextTickMs(nowMs, this.#stepMs) : nowMs;
    broker.busySinceMs = isLittle ? undefined : nowMs;
  }

  /** When the broker is to be asked again; what has passed: at once. */
  nextMs(nodeId: number): number {
    return this.#broker(nodeId).nextMs;
  }

  /**
   * How long until all that the brokers had is handed over; 0 when it is. A broker that keeps a fetch for longer than its
   * answer takes has nothing; so has, as a rule, one that had nothing before.
   */
  catchesUpInMs(nowMs: number): number {
    let leftMs = 0;
    for (const broker of this.#brokers.values()) {
      const { busySinceMs, nextMs, emptySinceMs } = broker;
      // One whose rest is over, and that is not asked yet because its timer is late, counts as asked.
      const sinceMs = busySinceMs ?? (nextMs <= nowMs ? nextMs : undefined);
      if (sinceMs === undefined || emptySinceMs !== undefined) continue;
      leftMs = Math.max(leftMs, sinceMs + patienceMs(broker) - nowMs);
    }
    return leftMs;
  }

  /** After the beginning of a tick all brokers have answered within this time, and it was told, as a rule. */
  get answersWithinMs(): number {
    return PATIENCE.ms + Math.max(PATIENCE.ms, ...[...this.#brokers.values()].map(patienceMs));
  }

  /** Whether something was handed over of which nobody has been told by `takeNews`. */
  get hasNews(): boolean {
    return this.#hasNews;
  }

  takeNews(): void {
    this.#hasNews = false;
  }

  /**
   * How long the broker may keep a fetch for which it has nothing: `usualMs`, or longer in a quiet time. That delays no
   * event, the first byte ends the wait; but what is resumed meanwhile waits for its end, and so does a stop.
   */
  waitMs(nodeId: number, usualMs: number, nowMs: number): number {
    const { emptySinceMs } = this.#broker(nodeId);
    const isQuiet = emptySinceMs !== undefined && nowMs - emptySinceMs >= QUIET.afterMs;
    return isQuiet ? Math.max(usualMs, QUIET.waitMs) : usualMs;
  }

  #broker(nodeId: number): Broker {
    let broker = this.#brokers.get(nodeId);
    if (broker === undefined) {
      broker = { busySinceMs: undefined, nextMs: 0, waitMs: 0, emptySinceMs: undefined };
      this.#brokers.set(nodeId, broker);
    }
    return broker;
  }
}

function patienceMs({ answerMs = 0 }: Broker): number {
  return Math.min(PATIENCE.maxMs, Math.max(PATIENCE.ms, answerMs * PATIENCE.factor));
}

/** An answer may have waited for something to come: of many, the quick ones tell. */
function noteAnswer(broker: Broker, keptMs: number, nowMs: number): void {
  if (broker.busySinceMs === undefined) return;
  const tookMs = Math.max(0, nowMs - broker.busySinceMs - keptMs);
  const { answerMs } = broker;
  broker.answerMs = answerMs === undefined ? tookMs : Math.min(tookMs, answerMs * SLOWER.factor + SLOWER.ms);
}
