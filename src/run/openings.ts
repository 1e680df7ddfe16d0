import { closeAll } from "../core/close-all.ts";
import { within } from "../core/within.ts";

/** What a run opens, in the order in which it is closed: what makes records first, what the others need last. */
const closingOrder = [
  "watch",
  "reader",
  "simulator",
  "dimensions",
  "reconciliation",
  "pipeline",
  "deadLetterTopic",
  "admin",
  "client",
] as const;

/** A request that is under way opens its connection again when that is closed meanwhile; a server that hangs is not waited for longer. */
const UNDER_WAY_MS = 1_000;

export type Opening = (typeof closingOrder)[number];

/** What one run has opened, so that all of it can be closed, by a run that ends and by one that never came to be. */
export class Openings {
  readonly #closers = new Map<Opening, () => unknown>();
  readonly #abandoned = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #onLateError: (error: unknown) => void;
  #isClosing = false;

  /** @param onLateError takes what fails after `close()` is over, when nobody waits for it any more */
  constructor(onLateError: (error: unknown) => void) {
    this.#onLateError = onLateError;
  }

  /** Aborts when the run is given up before it began: nobody waits for what is still being opened. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /**
   * Notes how to close what was just opened.
   *
   * @throws when everything is being closed already. What waits for a server cannot be stopped from waiting: it comes too
   * late then, and is closed here.
   */
  async add(what: Opening, close: () => unknown): Promise<void> {
    if (!this.#isClosing) {
      this.#closers.set(what, close);
      return;
    }
    await close();
    throw new Error(`The ${what} was opened after the end of its run`);
  }

  /** Notes a request that nobody may be waiting for when everything is closed. Returns it. */
  during<T>(request: Promise<T>): Promise<T> {
    const settled = request.then(
      () => {},
      () => {},
    );
    this.#underWay.add(settled);
    void settled.then(() => this.#underWay.delete(settled));
    return request;
  }

  /**
   * Closes everything, and once more what a request has opened again that ends later. @throws as `closeAll()`, after the
   * last was closed.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    const closers = closingOrder.map((what) => this.#closers.get(what)).filter((close) => close !== undefined);
    this.#closers.clear();
    const settled = Promise.all(this.#underWay);
    const inTime = await within(UNDER_WAY_MS, settled);
    if (inTime === undefined) void settled.then(() => closeAll(closers)).catch(this.#onLateError);
    await closeAll(closers);
  }

  /** Gives the run up, because of `reason`, and closes everything. @throws as `close()`. */
  async abandon(reason: unknown): Promise<void> {
    this.#isClosing = true;
    this.#abandoned.abort(reason);
    await this.close();
  }
}
