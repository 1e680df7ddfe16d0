/** Promises under way that never reject; lets a drain wait for all of them, those added meanwhile included. */
export class Flights {
  readonly #open = new Set<Promise<void>>();

  add(flight: Promise<void>): void {
    this.#open.add(flight);
    void flight.then(() => this.#open.delete(flight));
  }

  async landed(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  get count(): number {
    return this.#open.size;
  }
}
