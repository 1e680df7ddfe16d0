/**
 * One budget for all bytes between the fetch and the acknowledged insert: collected, queued, in workers, in flight. The
 * buffer pool may keep what is left of it (`roomBytes`).
 *
 * Above the high-water mark intake is told to pause, below the low one to resume; the distance between them keeps the
 * source from flapping. What kafkajs has already fetched still arrives after a pause, so the high-water mark can be
 * exceeded by one fetch of each broker (`fetchBytesMax`) and the rows that are made of it, and by no more: the mark lies
 * below what the process may hold (src/ingest/pipeline/pipeline.ts).
 */
export class ByteBudget {
  #used = 0;
  #peak = 0;
  #paused = false;
  readonly #highBytes: number;
  readonly #lowBytes: number;
  readonly #onPause: () => void;
  readonly #onResume: () => void;

  constructor(options: { highBytes: number; lowBytes: number; onPause: () => void; onResume: () => void }) {
    this.#highBytes = options.highBytes;
    this.#lowBytes = options.lowBytes;
    this.#onPause = options.onPause;
    this.#onResume = options.onResume;
  }

  take(byteCount: number): void {
    this.#used += byteCount;
    this.#peak = Math.max(this.#peak, this.#used);
    if (!this.#paused && this.#used >= this.#highBytes) {
      this.#paused = true;
      this.#onPause();
    }
  }

  give(byteCount: number): void {
    this.#used -= byteCount;
    if (this.#paused && this.#used <= this.#lowBytes) {
      this.#paused = false;
      this.#onResume();
    }
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** What is left below the high-water mark; 0 when it is exceeded. */
  get roomBytes(): number {
    return Math.max(0, this.#highBytes - this.#used);
  }

  get peakBytes(): number {
    return this.#peak;
  }

  /** Intake pauses at so many. */
  get limitBytes(): number {
    return this.#highBytes;
  }

  get paused(): boolean {
    return this.#paused;
  }
}
