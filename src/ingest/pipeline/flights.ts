/** Promises under way that never reject; lets a drain wait for all of them, those added meanwhile included. */
export class Flights {
  readonly #open = new Set<Promise<void>>();
  #movedMs = performance.now();
  readonly #onLanded: () => void;

  constructor(onLanded: () => void) {
    this.#onLanded = onLanded;
  }

  add(flight: Promise<void>): void {
    if (this.#open.size === 0) this.#movedMs = performance.now();
    this.#open.add(flight);
    void flight.then(() => {
      this.#open.delete(flight);
      this.#movedMs = performance.now();
      this.#onLanded();
    });
  }

  async landed(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  /** How long none has ended while there are some. */
  get standingMs(): number {
    return this.#open.size === 0 ? 0 : performance.now() - this.#movedMs;
  }

  get count(): number {
    return this.#open.size;
  }
}
