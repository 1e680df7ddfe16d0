/** So many may wait for their turn; more are told to come again. */
const WAITING_MAX = 4;

/**
 * One query of all pages together at a time: an embedded engine goes on with a query whose page is gone, and several at once
 * would take the places of inserts.
 */
export class QueryGate {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @returns undefined: too many wait already. */
  async run<T>(query: () => Promise<T>): Promise<T | undefined> {
    if (this.#waiting > WAITING_MAX) return undefined;
    this.#waiting += 1;
    const turn = this.#last.then(query);
    this.#last = turn.catch(() => {});
    return turn.finally(() => {
      this.#waiting -= 1;
    });
  }
}
