import { MillraceError } from "../../core/errors.ts";

const LENGTH_BYTES = 4;
/** Kafka's `socket.request.max.bytes`. */
export const FRAME_BYTES_MAX = 100 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into Kafka's length-prefixed frames.
 *
 * A frame that lies within one chunk is a view of it; one that spans chunks is copied once, into a buffer of its
 * final size, so a large Produce request does not get concatenated again and again while it arrives.
 */
export class FrameSplitter {
  #prefix: Buffer = EMPTY;
  #frame: Buffer | undefined;
  #filled = 0;

  /**
   * Frames completed by this chunk, without their length prefix.
   *
   * @throws MillraceError E_KAFKA when a length is negative or above 100 MiB; the stream is then useless
   */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        const copied = chunk.copy(this.#frame, this.#filled, at);
        at += copied;
        this.#filled += copied;
        if (this.#filled === this.#frame.length) {
          frames.push(this.#frame);
          this.#frame = undefined;
        }
        continue;
      }
      if (this.#prefix.length + chunk.length - at < LENGTH_BYTES) {
        this.#prefix = Buffer.concat([this.#prefix, chunk.subarray(at)]);
        break;
      }
      const prefixEnd = at + LENGTH_BYTES - this.#prefix.length;
      const length = Buffer.concat([this.#prefix, chunk.subarray(at, prefixEnd)]).readInt32BE(0);
      this.#prefix = EMPTY;
      at = prefixEnd;
      if (length < 0 || length > FRAME_BYTES_MAX) {
        throw new MillraceError(
          "E_KAFKA",
          `Cannot read a Kafka request of ${length} bytes: the limit is ${FRAME_BYTES_MAX}. Is the client speaking TLS or another protocol?`,
        );
      }
      if (at + length <= chunk.length) {
        frames.push(chunk.subarray(at, at + length));
        at += length;
      } else {
        this.#frame = Buffer.allocUnsafe(length);
        this.#filled = 0;
      }
    }
    return frames;
  }
}
