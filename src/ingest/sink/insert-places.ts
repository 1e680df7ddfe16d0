/** Places for inserts that all tables share. Whoever finds none is called when there may be one, in the order of asking. */
export class InsertPlaces {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place; false: there is none, and `onFree` will be called once. */
  take(onFree: () => void): boolean {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    this.#waiting.add(onFree);
    return false;
  }

  give(): void {
    this.#free += 1;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    // The first takes it; the others ask again, in the same order.
    for (const onFree of waiting) onFree();
  }
}
