/** A global that holds the address of a region. */
interface Address {
  readonly value: number;
}

/** What the kernel exports (assembly/kernel.ts). Addresses are byte offsets in `memory`. */
export interface KernelExports {
  memory: WebAssembly.Memory;
  /** Addresses of regions. */
  rowsRegion: Address;
  offsetsRegion: Address;
  startsRegion: Address;
  leftOverRegion: Address;
  inputRegion: Address;
  inflatedRegion: Address;
  allocate(bytes: number): number;
  createRegion(bytes: number): number;
  regionBase(region: number): number;
  regionCursor(region: number): number;
  createDictionary(stream: number, keyWidth: number, hasNull: number): number;
  dictionaryKeys(dictionary: number): number;
  dictionaryCount(dictionary: number): number;
  indexWidth(dictionary: number): number;
  addPlanKey(start: number, length: number, slot: number): void;
  seedHash(seed: bigint): void;
  setUp(plan: number): number;
  beginTask(native: number): void;
  placeInput(region: number, bytes: number): number;
  inflate(start: number, end: number, isSnappy: number): number;
  runBatch(
    start: number,
    end: number,
    count: number,
    baseOffset: number,
    lastOffset: number,
    baseTimestampMs: number,
    maxTimestampMs: number,
    isLogAppendTime: number,
    firstOffset: number,
    finalOffset: number,
  ): number;
  lastReadOffset(): number;
  forgetRows(): void;
  adoptRows(start: number, count: number): number;
  countOfUnknownFields(): number;
  countOfKafkaTimes(): number;
  latenessCounts(): number;
  settleLatency(): void;
  latencyGroups(): number;
  latencyGroupCount(): number;
  latencyCounts(): number;
  latencyPlaces(): number;
}

/** Kafka's own bound of a topic's name. */
export const TOPIC_BYTES_MAX = 249;

/** A kernel of its own, with memory of its own: one for each plan and worker. */
export class Kernel {
  readonly exports: KernelExports;

  /** A place for a topic's name. */
  readonly topicPlace: number;

  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as unknown as KernelExports;
    const seed = crypto.getRandomValues(new BigUint64Array(1));
    this.exports.seedHash(seed[0]!);
    this.topicPlace = this.exports.allocate(TOPIC_BYTES_MAX);
  }

  /** Views are void after the next call into the kernel: its memory may have grown. */
  get bytes(): Uint8Array<ArrayBuffer> {
    this.#renewViews();
    return this.#bytes;
  }

  get view(): DataView {
    this.#renewViews();
    return this.#view;
  }

  /** Several views a batch would be a good part of what a batch of a few records costs. */
  #renewViews(): void {
    const { buffer } = this.exports.memory;
    if (buffer === this.#view.buffer) return;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** How many bytes a region holds. */
  regionLength(region: number): number {
    return this.exports.regionCursor(region) - this.exports.regionBase(region);
  }

  /** What a region holds, as a view. */
  regionBytes(region: number): Uint8Array<ArrayBuffer> {
    const start = this.exports.regionBase(region);
    return this.bytes.subarray(start, this.exports.regionCursor(region));
  }
}
