import type { BufferPool } from "../../core/buffer-pool.ts";
import { MillraceError } from "../../core/errors.ts";

const SIZE_BYTES = 4;

/**
 * No answer of a broker is longer: a fetch is bounded by the source, and a single batch by the broker's
 * `message.max.bytes`. What a TLS or HTTP server answers, read as a size, is above it.
 */
export const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;

/** Responses that nobody has given back yet, and how many batches of each are still to be read. */
const lent = new WeakMap<ArrayBuffer, { pool: BufferPool; readers: number }>();

/**
 * Notes one more reader of the response that `bytes` are a view of. Returns what the reader calls when it is done: the
 * last one's call gives the response back to its pool. Undefined for bytes that come from no pool.
 *
 * PRECONDITION: all readers are noted before the first is done. kafkajs decodes a fetch response to its end before it
 * hands on the first batch.
 */
export function readerOf(bytes: Uint8Array): (() => void) | undefined {
  const buffer = bytes.buffer as ArrayBuffer;
  const response = lent.get(buffer);
  if (response === undefined) return undefined;
  response.readers += 1;
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    response.readers -= 1;
    if (response.readers > 0) return;
    lent.delete(buffer);
    response.pool.give(buffer);
  };
}

/**
 * Cuts what a broker sends into whole responses, each with its size in front
 * (https://kafka.apache.org/protocol#protocol_common), each put together once in a buffer of its own. kafkajs by itself
 * keeps the chunks and concatenates them twice, which is three new buffers for each byte.
 */
export class ResponseFrames {
  /** The size field so far, when a chunk ended inside it. */
  readonly #size = new Uint8Array(SIZE_BYTES);
  #sizeFilled = 0;
  #frame: Buffer | undefined;
  #filled = 0;
  readonly #pool: BufferPool;
  readonly #onFrame: (frame: Buffer) => void;

  constructor(pool: BufferPool, onFrame: (frame: Buffer) => void) {
    this.#pool = pool;
    this.#onFrame = onFrame;
  }

  /**
   * Takes the next bytes and keeps none of them: `chunk` may be overwritten afterwards.
   *
   * @throws MillraceError E_KAFKA when the size is none; the stream is then useless.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        this.#size[this.#sizeFilled++] = chunk[at++]!;
        if (this.#sizeFilled === SIZE_BYTES) this.#open();
      } else {
        const end = Math.min(chunk.length, at + this.#frame.length - this.#filled);
        this.#frame.set(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), this.#filled);
        this.#filled += end - at;
        at = end;
      }
      const frame = this.#frame;
      if (frame === undefined || this.#filled < frame.length) continue;
      this.#frame = undefined;
      this.#onFrame(frame);
    }
  }

  #open(): void {
    const byteLength = new DataView(this.#size.buffer).getInt32(0);
    if (byteLength < 0 || byteLength > RESPONSE_BYTES_MAX) {
      throw new MillraceError(
        "E_KAFKA",
        `Cannot read an answer of ${byteLength} bytes from the broker: at most ${RESPONSE_BYTES_MAX} are read. ` +
          "Does this port speak Kafka's protocol, and without TLS?",
      );
    }
    const buffer = this.#pool.take(SIZE_BYTES + byteLength);
    lent.set(buffer, { pool: this.#pool, readers: 0 });
    this.#frame = Buffer.from(buffer, 0, SIZE_BYTES + byteLength);
    this.#frame.set(this.#size);
    this.#filled = SIZE_BYTES;
    this.#sizeFilled = 0;
  }
}
