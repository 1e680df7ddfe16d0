import { SLACK_BYTES } from "../assembly/layout.ts";
import { KernelMemory } from "./kernel-memory.ts";

type Inflate = (source: number, sourceEnd: number, target: number) => number;

const GUARD_BYTES = 128;
const GUARD = 0xa5;

const ARENA_BYTES = 10 << 20;

/** The kernel's inflaters, each call with a region of a given size between two guards. */
export class KernelInflater {
  readonly #memory: KernelMemory;
  readonly #inflaters: { lz4: Inflate; snappy: Inflate };
  /** The three words of the region, and where it begins each time. */
  readonly #region: number;
  readonly #arena: number;

  static async create(): Promise<KernelInflater> {
    return new KernelInflater(await KernelMemory.create("lz4.ts", "snappy.ts"));
  }

  private constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#inflaters = { lz4: memory.exports.inflateLz4 as Inflate, snappy: memory.exports.inflateSnappy as Inflate };
    this.#region = memory.allocate(12);
    this.#arena = memory.allocate(GUARD_BYTES + ARENA_BYTES + SLACK_BYTES + GUARD_BYTES) + GUARD_BYTES;
    memory.allocateInput(1 << 20);
  }

  /**
   * What the kernel makes of `packed`; undefined when it refuses. The region has `capacity` bytes and moves when they
   * do not do.
   *
   * @throws Error when the kernel wrote before the region or after its slack.
   */
  inflate(codec: "lz4" | "snappy", packed: Uint8Array, capacity = ARENA_BYTES): Uint8Array | undefined {
    const guards = [this.#arena - GUARD_BYTES, this.#arena + capacity + SLACK_BYTES];
    for (const guard of guards) this.#memory.bytes.fill(GUARD, guard, guard + GUARD_BYTES);
    this.#words().set([this.#arena, this.#arena, this.#arena + capacity]);
    const { start, end } = this.#memory.place(packed);
    const isRead = this.#inflaters[codec](start, end, this.#region) !== 0;
    for (const guard of guards) {
      const bytes = this.#memory.bytes.subarray(guard, guard + GUARD_BYTES);
      if (bytes.some((byte) => byte !== GUARD)) throw new Error("the kernel wrote outside its region");
    }
    const [base, cursor] = this.#words() as unknown as [number, number];
    if (!isRead && cursor !== base) throw new Error("the region's cursor moved although the input was refused");
    return isRead ? this.#memory.bytes.subarray(base, cursor) : undefined;
  }

  #words(): Uint32Array {
    return new Uint32Array(this.#memory.bytes.buffer, this.#region, 3);
  }
}
