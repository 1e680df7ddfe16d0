import { MillraceError } from "../core/errors.ts";

/** Of the time to stop, so much is kept for what comes after the drain: the report, and the embedded servers' end. */
const RESERVE_SHARE = 1 / 3;
const RESERVE_MAX_MS = 6_000;

/** The run was asked to stop while it waited for something: thrown by the wait. Nothing was begun that has to be ended. */
export class Stopped extends MillraceError {
  constructor(reason: string) {
    super("E_INCOMPLETE", `stopped by ${reason} before the run began`);
    this.name = "Stopped";
  }
}

/**
 * One deadline over everything that happens between the wish to stop and the end of the process: the drain, the report,
 * leaving the group, the embedded servers. By a clock that nobody sets. It begins with the first wish, whoever has it: a
 * signal, the run's own end, or an error.
 */
export class Shutdown {
  readonly timeoutMs: number;
  /** Resolves with the reason when somebody asks to stop; not when the run ends by itself. */
  readonly asked: Promise<string>;
  readonly #stopping = new AbortController();
  readonly #over = new AbortController();
  #beganMs: number | undefined;
  #reason: string | undefined;

  constructor(asked: Promise<string>, timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.asked = asked;
    void asked.then((reason) => {
      this.#reason = reason;
      this.begin();
      this.#stopping.abort(new Stopped(reason));
    });
  }

  /** Why it was asked for; undefined when it was not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Aborts with `Stopped` when somebody asks to stop: for waits that the run does not need any more then. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Aborts when only the embedded servers are left to be stopped: no request is waited for any longer. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Starts the time; later calls change nothing. */
  begin(): void {
    if (this.#beganMs !== undefined) return;
    this.#beganMs = performance.now();
    const text = `The ${this.timeoutMs / 1000} s to stop are over, and a server does not answer. The next start takes up what was under way`;
    const over = () => this.#over.abort(new MillraceError("E_INCOMPLETE", text));
    setTimeout(over, this.timeoutMs - this.#reserveMs / 2).unref();
  }

  /** What the drain may take. */
  get drainMs(): number {
    return Math.max(0, this.restMs - this.#reserveMs);
  }

  /** What leaving the group may take, after the drain. */
  get leaveMs(): number {
    return this.#reserveMs / 2;
  }

  /** What everything but the embedded servers' end may take. */
  get requestsMs(): number {
    return Math.max(0, this.restMs - this.#reserveMs / 2);
  }

  get restMs(): number {
    if (this.#beganMs === undefined) return this.timeoutMs;
    return Math.max(0, this.timeoutMs - (performance.now() - this.#beganMs));
  }

  get #reserveMs(): number {
    return Math.min(RESERVE_MAX_MS, this.timeoutMs * RESERVE_SHARE);
  }
}
