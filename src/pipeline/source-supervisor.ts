import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Source } from "../source/consumer-source.ts";
import type { Failure } from "./failure.ts";

/** Pause between the end of a consumer and the start of the next. */
const RESTART_MS = 2_000;

export interface SupervisorOptions {
  create(): Source;
  /** A consumer is about to be stopped: what it fetched is nobody's any more. */
  onRestart(): void;
  failure: Failure;
  log: Logger;
}

/** Keeps a consumer running: in place of one that has ended it makes another, one at a time. */
export class SourceSupervisor {
  readonly #options: SupervisorOptions;
  #source: Source;
  #restarting: Promise<void> | undefined;
  #isRestartDue = false;
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#source = options.create();
  }

  get source(): Source {
    return this.#source;
  }

  /** Makes a new consumer in place of this one; when that is under way, once more afterwards. */
  restart(): void {
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
    const { create, onRestart, failure, log } = this.#options;
    const isOver = () => this.#isStopping || failure.first !== undefined;
    while (this.#isRestartDue && !isOver()) {
      this.#isRestartDue = false;
      onRestart();
      await this.#source.stop().catch(() => {});
      await sleep(RESTART_MS);
      if (isOver()) return;
      this.#source = create();
      try {
        await this.#source.start();
      } catch (error) {
        if (failure.failIfHopeless("read from", error)) return;
        log.error({ err: error }, "Kafka consumer did not start, will be tried again");
        this.#isRestartDue = true;
      }
    }
  }
}
