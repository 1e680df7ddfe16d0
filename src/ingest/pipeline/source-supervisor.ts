import type { Logger } from "pino";
import { pauseMs } from "../../core/backoff.ts";
import { type Clock, sleepOn } from "../../core/clock.ts";
import type { Source } from "../source/consumer-source.ts";
import type { Failure } from "./failure.ts";

/** Pause between the end of a consumer and the start of the next: longer and longer while none of them lasts. */
const PAUSES = { firstMs: 2_000, maxMs: 30_000 };
/** A consumer that lasted for so long has worked. */
const LASTED_MS = 60_000;

export interface SupervisorOptions {
  create(): Source;
  /** A consumer is about to be stopped: what it fetched is nobody's any more. */
  onRestart(): void;
  failure: Failure;
  clock: Clock;
  log: Logger;
}

/** Keeps a consumer running: in place of one that has ended it makes another, one at a time. */
export class SourceSupervisor {
  readonly #options: SupervisorOptions;
  #source: Source;
  #restarting: Promise<void> | undefined;
  #isRestartDue = false;
  /** The restart that is due follows a consumer that has ended, or that did not start. */
  #hasFailed = false;
  #isStopping = false;
  #endedSoon = 0;
  #startedMs = Number.NEGATIVE_INFINITY;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#source = options.create();
  }

  get source(): Source {
    return this.#source;
  }

  /** Starts the first consumer. @throws MillraceError E_KAFKA when no repeat can help; what passes is tried again. */
  async start(): Promise<void> {
    if (await this.#begin()) return;
    const { failure } = this.#options;
    if (failure.first !== undefined) throw failure.first;
    this.restart();
  }

  /** Makes a new consumer in place of one that has ended, after a pause; when that is under way, once more afterwards. */
  restart(): void {
    this.#hasFailed = true;
    this.#restart();
  }

  /** The same for a consumer that works and is to begin anew: all pipelines stand meanwhile, so there is no pause. */
  renew(): void {
    this.#restart();
  }

  #restart(): void {
    this.#isRestartDue = true;
    this.#restarting ??= this.#replace().finally(() => {
      this.#restarting = undefined;
    });
  }

  /** From now on nothing is restarted. Call before stop(). */
  stopSupervising(): void {
    this.#isStopping = true;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#restarting;
    await this.#source.stop();
  }

  async #replace(): Promise<void> {
    const { create, onRestart, failure, clock } = this.#options;
    const isOver = () => this.#isStopping || failure.first !== undefined;
    while (this.#isRestartDue && !isOver()) {
      this.#isRestartDue = false;
      onRestart();
      await this.#source.stop().catch(() => {});
      if (this.#hasFailed) {
        this.#hasFailed = false;
        this.#endedSoon = clock.nowMs() - this.#startedMs > LASTED_MS ? 1 : this.#endedSoon + 1;
        await sleepOn(clock, pauseMs(this.#endedSoon, PAUSES));
      }
      if (isOver()) return;
      this.#source = create();
      if (!(await this.#begin())) {
        this.#hasFailed = true;
        this.#isRestartDue = true;
      }
    }
  }

  /** Whether the consumer has started; if not, and it may pass, another is to be tried. */
  async #begin(): Promise<boolean> {
    const { failure, clock, log } = this.#options;
    this.#startedMs = clock.nowMs();
    try {
      await this.#source.start();
      return true;
    } catch (error) {
      if (!failure.failIfHopeless("read from", error)) {
        log.error({ err: error }, "Kafka consumer did not start, retrying");
      }
      return false;
    }
  }
}
