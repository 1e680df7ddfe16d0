import { concat } from "../../testing/record-batch.ts";
import { type Lz4Block, lz4Block, lz4Frame, type Sequence, snappyBlock, xerial } from "./packed-bytes.ts";

/**
 * Packed input drawn from a seed (xorshift32 of Marsaglia, "Xorshift RNGs"), mostly true, sometimes lying. Much faster
 * than a property library's generators, which pays where hundreds of thousands of inputs are wanted.
 */
export class Randomness {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 1;
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }

  oneIn(bound: number): boolean {
    return this.below(bound) === 0;
  }

  /** Mostly short, sometimes of the lengths where codecs change their ways. */
  length(): number {
    const edges = [
      0, 1, 14, 15, 16, 17, 18, 19, 20, 31, 32, 33, 59, 60, 61, 64, 255, 256, 269, 270, 271, 300, 511, 513,
    ];
    return this.oneIn(4) ? edges[this.below(edges.length)]! : this.below(24);
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const first = this.below(256);
    return Uint8Array.from({ length }, (_, index) => first + index * 7);
  }

  /** A distance within `available`, near ones preferred; one in 60 lies. */
  distance(available: number): number {
    if (this.oneIn(60)) return this.oneIn(2) ? 0 : Math.min(65_535, available + 1 + this.below(20));
    return 1 + this.below(Math.min(available, this.oneIn(2) ? 20 : 65_535));
  }

  lz4Frames(): Uint8Array {
    const frames = [this.#lz4Frame()];
    while (this.oneIn(5)) frames.push(this.#lz4Frame());
    return concat(frames);
  }

  #lz4Frame(): Uint8Array {
    const isLinked = this.oneIn(2);
    const blocks: Lz4Block[] = [];
    let before = 0;
    for (let count = this.below(4); count > 0; count--) {
      if (this.oneIn(4)) {
        const bytes = this.bytes(this.length());
        blocks.push({ bytes, isStored: true });
        before += bytes.length;
        continue;
      }
      const { sequences, length } = this.#sequences(isLinked ? before : 0, 1_000);
      blocks.push({ bytes: this.#cut(lz4Block(sequences)) });
      before += length;
    }
    const [hasBlockChecksum, hasContentSize, hasContentChecksum] = [this.oneIn(3), this.oneIn(3), this.oneIn(3)];
    const blockBytesCode = this.oneIn(50) ? this.below(8) : 4 + this.below(4);
    return lz4Frame({ isLinked, hasBlockChecksum, hasContentSize, hasContentChecksum, blockBytesCode }, blocks);
  }

  snappy(): Uint8Array {
    if (this.oneIn(2)) return this.#snappyBlock();
    return xerial(Array.from({ length: this.below(4) }, () => this.#cut(this.#snappyBlock())));
  }

  #snappyBlock(): Uint8Array {
    const { sequences, length } = this.#sequences(0, 64);
    const elements = sequences.flatMap(({ literals, ...match }) => {
      const parts: Sequence[] = literals && literals.length > 0 ? [{ literals }] : [];
      if (match.distance !== undefined) parts.push(match);
      return parts;
    });
    if (this.oneIn(30)) return snappyBlock(elements, Math.max(0, length + this.below(3) - 1));
    return snappyBlock(elements, this.oneIn(30) ? this.below(length + 1) : undefined);
  }

  /** One in ten loses its last bytes, and what is around it takes that for its length. */
  #cut(block: Uint8Array): Uint8Array {
    return this.oneIn(10) ? block.subarray(0, Math.max(0, block.length - 1 - this.below(4))) : block;
  }

  #sequences(before: number, matchedMax: number): { sequences: Sequence[]; length: number } {
    const sequences: Sequence[] = [];
    let length = 0;
    for (let count = this.below(10); count > 0; count--) {
      const literals = this.bytes(before + length === 0 ? 1 + this.length() : this.length());
      length += literals.length;
      const matched = Math.min(matchedMax, 4 + this.length());
      sequences.push({ literals, distance: this.distance(before + length), matched });
      length += matched;
    }
    // A block may end in a match as well, although no packer makes such.
    if (length > 0 && this.oneIn(3)) return { sequences, length };
    const literals = this.bytes(this.length());
    sequences.push({ literals });
    return { sequences, length: length + literals.length };
  }
}

/** A copy with up to three bytes changed, and sometimes cut off or continued. */
export function damage(bytes: Uint8Array, random: Randomness): Uint8Array {
  const damaged = Uint8Array.from(bytes);
  for (let edits = random.below(4); edits > 0 && damaged.length > 0; edits--) {
    const index = random.below(damaged.length);
    const edges = [0, 1, 0x0f, 0x7f, 0x80, 0xf0, 0xff];
    if (random.oneIn(3)) damaged[index] = edges[random.below(edges.length)]!;
    else if (random.oneIn(2)) damaged[index] = damaged[index]! ^ (1 << random.below(8));
    else damaged[index] = random.below(256);
  }
  if (random.oneIn(4)) return damaged.subarray(0, random.below(damaged.length + 1));
  return random.oneIn(10) ? concat([damaged, random.bytes(1 + random.below(12))]) : damaged;
}
