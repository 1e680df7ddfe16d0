import { MillraceError } from "../../src/core/errors.ts";

/**
 * LZ4 whose chosen bytes can be rewritten afterwards.
 *
 * Replaying events at a new time would mean compressing each batch again, which costs more than all else that the load
 * generator does. Here the holes (the digits of the times) are kept out of every match, as its target and as its source,
 * so they stand as literals in the compressed bytes, at known places, and nothing else depends on them
 * (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
 */
export interface HoledBlock {
  /** An LZ4 frame with one block, as Kafka's codec 3 takes it. */
  frame: Uint8Array<ArrayBuffer>;
  /** Where each hole begins in `frame`. */
  positions: Int32Array;
}

/** Frame descriptor: version 1, independent blocks, no checksums, blocks up to 4 MiB; its third byte is its checksum. */
const FRAME_HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];
const BLOCK_BYTES_MAX = 4 * 1024 * 1024;
const HASH_BITS = 15;
const OFFSET_MAX = 65_535;
const MATCH_BYTES_MIN = 4;
/** Rules at the end of a block: no match begins in its last 12 bytes, and its last 5 are literals. */
const MATCH_START_MARGIN = 12;
const MATCH_END_MARGIN = 5;

/**
 * @param holes byte offsets in `body`, ascending, each of `holeBytes` bytes, not overlapping
 * @throws MillraceError E_CONFIG when `body` is larger than a block may be.
 */
export function compressAround(body: Uint8Array, holes: Int32Array, holeBytes: number): HoledBlock {
  if (body.length > BLOCK_BYTES_MAX) {
    throw new MillraceError("E_CONFIG", `a batch of ${body.length} bytes: must be at most ${BLOCK_BYTES_MAX}`);
  }
  const fixed = new Uint8Array(body.length).fill(1);
  for (const hole of holes) fixed.fill(0, hole, hole + holeBytes);
  const output = new BlockOutput(body, holes);
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const lastStart = body.length - MATCH_START_MARGIN;
  let at = 0;
  while (at <= lastStart) {
    const slot = Math.imul(view.getUint32(at, true), 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = table[slot]!;
    table[slot] = at;
    const length = candidate < 0 || at - candidate > OFFSET_MAX ? 0 : matchLength(body, fixed, candidate, at);
    if (length < MATCH_BYTES_MIN) {
      at += 1;
      continue;
    }
    output.sequence(at, at - candidate, length);
    at += length;
  }
  return output.finish();
}

function matchLength(body: Uint8Array, fixed: Uint8Array, source: number, target: number): number {
  const max = body.length - MATCH_END_MARGIN - target;
  let length = 0;
  while (
    length < max &&
    body[source + length] === body[target + length] &&
    fixed[source + length] === 1 &&
    fixed[target + length] === 1
  ) {
    length += 1;
  }
  return length;
}

class BlockOutput {
  readonly #body: Uint8Array;
  readonly #holes: Int32Array;
  readonly #positions: Int32Array;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #length = FRAME_HEADER.length + 4;
  /** Body bytes before this are written. */
  #written = 0;
  #hole = 0;

  constructor(body: Uint8Array, holes: Int32Array) {
    this.#body = body;
    this.#holes = holes;
    this.#positions = new Int32Array(holes.length);
    // Worst case of the format: one byte more per 255, and the frame around it.
    this.#bytes = new Uint8Array(body.length + Math.ceil(body.length / 255) + 64);
  }

  /** The literals up to `at`, then a match of `length` bytes that lie `offset` bytes back. */
  sequence(at: number, offset: number, length: number): void {
    const extra = length - MATCH_BYTES_MIN;
    this.#literals(at, Math.min(15, extra));
    this.#bytes[this.#length++] = offset & 0xff;
    this.#bytes[this.#length++] = offset >>> 8;
    if (extra >= 15) this.#lengthBytes(extra - 15);
    this.#written = at + length;
  }

  finish(): HoledBlock {
    this.#literals(this.#body.length, 0);
    const blockStart = FRAME_HEADER.length + 4;
    const end = this.#length + 4; // an empty block ends the frame
    const frame = this.#bytes.slice(0, end);
    frame.set(FRAME_HEADER);
    new DataView(frame.buffer).setUint32(FRAME_HEADER.length, this.#length - blockStart, true);
    frame.fill(0, this.#length, end);
    return { frame, positions: this.#positions };
  }

  #literals(end: number, matchNibble: number): void {
    const count = end - this.#written;
    this.#bytes[this.#length++] = (Math.min(15, count) << 4) | matchNibble;
    if (count >= 15) this.#lengthBytes(count - 15);
    for (; this.#hole < this.#holes.length && this.#holes[this.#hole]! < end; this.#hole++) {
      this.#positions[this.#hole] = this.#length + this.#holes[this.#hole]! - this.#written;
    }
    this.#bytes.set(this.#body.subarray(this.#written, end), this.#length);
    this.#length += count;
  }

  #lengthBytes(rest: number): void {
    for (; rest >= 255; rest -= 255) this.#bytes[this.#length++] = 255;
    this.#bytes[this.#length++] = rest;
  }
}
