import type { Clock } from "../../core/clock.ts";
import type { FetchPace } from "./fetch-pace.ts";

/**
 * Tells when all that the brokers had was handed over, once for each time that something was.
 *
 * The last broker's answer tells, or, where one keeps the fetch, time does. While one brings much, nothing is told; its last
 * answer, which is little or empty, does then. So an empty one has to be looked at, too: without that what came in one large
 * answer, and nothing after it, would wait for its age.
 */
export class CaughtUp {
  readonly #pace: FetchPace;
  readonly #clock: Clock;
  readonly #onCaughtUp: (answersWithinMs: number) => void;
  #isWaiting = false;

  constructor(pace: FetchPace, clock: Clock, onCaughtUp: (answersWithinMs: number) => void) {
    this.#pace = pace;
    this.#clock = clock;
    this.#onCaughtUp = onCaughtUp;
  }

  /** A broker has answered, with little or nothing. */
  look(): void {
    if (!this.#pace.hasNews) return;
    const leftMs = this.#pace.catchesUpInMs(this.#clock.nowMs());
    if (leftMs > 0) this.#lookAgain(leftMs);
    else {
      this.#pace.takeNews();
      this.#onCaughtUp(this.#pace.answersWithinMs);
    }
  }

  /** A timer that is set already does: one that is early sets the next. */
  #lookAgain(afterMs: number): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#clock.after(afterMs, () => {
      this.#isWaiting = false;
      this.look();
    });
  }
}
