import { FrameSplitter } from "../../embedded/kafka/frame-splitter.ts";
import type { CommitText } from "./bundle-book.ts";
import { readCommitTexts } from "./commit-request.ts";
import type { LineFilter } from "./tcp-proxy.ts";

/** What the broker is made to say that it is not any more: leader of the partitions, or coordinator of the group. */
export type Move = "leaders" | "coordinator";

/** Kafka's api keys and error codes (protocol guide of Apache Kafka 4.1). */
const FETCH = 1;
const OFFSET_COMMIT = 8;
const HEARTBEAT = 12;
const NOT_LEADER_OR_FOLLOWER = 6;
const NOT_COORDINATOR = 16;

const LENGTH_BYTES = 4;
const CORRELATION_BYTES = 4;

interface Asked {
  apiKey: number;
  version: number;
}

interface Armed {
  move: Move;
  left: number;
  done(isOver: boolean): void;
}

/**
 * Makes a broker with one node say that leaders or the coordinator have moved, as a cluster does at each restart of a node:
 * error codes are written over in the next answers on one ingester's line. Its client looks for the new place, finds the
 * old one, and may have joined the group again meanwhile, in the same generation.
 */
export class KafkaAnswers {
  readonly #onCommit: (text: CommitText) => void;
  #armed: Armed | undefined;

  /** @param onCommit hears what a commit says of a partition, before the broker does */
  constructor(onCommit: (text: CommitText) => void = () => {}) {
    this.#onCommit = onCommit;
  }

  /** Spoils the next `count` answers that a move shows in. False: they did not all come within `timeoutMs`. */
  arm(move: Move, count: number, timeoutMs: number): Promise<boolean> {
    this.#armed?.done(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => armed.done(false), timeoutMs);
      const armed: Armed = {
        move,
        left: count,
        done: (isOver) => {
          clearTimeout(timer);
          if (this.#armed === armed) this.#armed = undefined;
          resolve(isOver);
        },
      };
      this.#armed = armed;
    });
  }

  /** The filter of one connection. */
  follow(): LineFilter {
    const requests = new FrameSplitter();
    const answers = new FrameSplitter();
    const asked = new Map<number, Asked>();
    const onCommit = this.#onCommit;
    return {
      request(chunk) {
        for (const frame of requests.push(chunk)) {
          const apiKey = frame.readInt16BE(0);
          asked.set(frame.readInt32BE(4), { apiKey, version: frame.readInt16BE(2) });
          if (apiKey === OFFSET_COMMIT) readCommitTexts(frame).forEach(onCommit);
        }
      },
      answer: (chunk) =>
        answers.push(chunk).flatMap((frame) => {
          const correlationId = frame.readInt32BE(0);
          this.#spoil(frame.subarray(CORRELATION_BYTES), asked.get(correlationId));
          asked.delete(correlationId);
          const length = Buffer.alloc(LENGTH_BYTES);
          length.writeInt32BE(frame.length);
          return [length, frame];
        }),
    };
  }

  #spoil(body: Buffer, asked: Asked | undefined): void {
    const armed = this.#armed;
    if (armed === undefined || asked === undefined || !writeMove(armed.move, asked, body)) return;
    armed.left -= 1;
    if (armed.left === 0) armed.done(true);
  }
}

/** Writes the move into an answer's body. Returns whether there was a place for it. */
export function writeMove(move: Move, { apiKey, version }: Asked, body: Buffer): boolean {
  if (move === "leaders")
    return apiKey === FETCH && writeIntoPartitions(body, fetchLayout(version), NOT_LEADER_OR_FOLLOWER);
  if (apiKey === OFFSET_COMMIT) {
    const layout = { headBytes: version >= 3 ? 4 : 0, afterError: (_: Buffer, at: number) => at };
    return writeIntoPartitions(body, layout, NOT_COORDINATOR);
  }
  if (apiKey !== HEARTBEAT) return false;
  body.writeInt16BE(NOT_COORDINATOR, version >= 1 ? 4 : 0);
  return true;
}

interface Layout {
  /** Before the array of topics. */
  headBytes: number;
  /** Where the next partition begins, given the end of this one's error code. */
  afterError(body: Buffer, at: number): number;
}

/** Fetch, versions 4 to 11: high watermark, last stable offset, log start, aborted transactions, replica, records. */
function fetchLayout(version: number): Layout {
  return {
    headBytes: version >= 7 ? 10 : 4,
    afterError(body, at) {
      const abortedAt = at + (version >= 5 ? 24 : 16);
      const abortedBytes = Math.max(0, body.readInt32BE(abortedAt)) * 16;
      const recordsAt = abortedAt + 4 + abortedBytes + (version >= 11 ? 4 : 0);
      return recordsAt + 4 + Math.max(0, body.readInt32BE(recordsAt));
    },
  };
}

/** `[topic [partition error …]]`, as both answers have it. Returns whether there was a partition. */
function writeIntoPartitions(body: Buffer, { headBytes, afterError }: Layout, code: number): boolean {
  let at = headBytes;
  let written = 0;
  const topics = body.readInt32BE(at);
  at += 4;
  for (let topic = 0; topic < topics; topic += 1) {
    at += 2 + body.readInt16BE(at);
    const partitions = body.readInt32BE(at);
    at += 4;
    for (let partition = 0; partition < partitions; partition += 1) {
      body.writeInt16BE(code, at + 4);
      at = afterError(body, at + 6);
      written += 1;
    }
  }
  return written > 0;
}
