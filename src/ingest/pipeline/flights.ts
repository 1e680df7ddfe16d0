/** Promises under way that never reject; lets a drain wait for all of them, those added meanwhile included. */
export class Flights {
  readonly #open = new Set<Promise<void>>();

  readonly #onLanded: () => void;

  constructor(onLanded: () => void) {
    this.#onLanded = onLanded;
  }

  add(flight: Promise<void>): void {
    this.#open.add(flight);
    void flight.then(() => {
      this.#open.delete(flight);
      this.#onLanded();
    });
  }

  async landed(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  get count(): number {
    return this.#open.size;
  }
}
