import { appendFile } from "node:fs/promises";
import type { Logger } from "pino";
import { redact } from "../core/redact.ts";

/** Often enough for whoever follows the file, and one write for all bundles in between. */
const FLUSH_EVERY_MS = 1_000;
/** Lines that a disk has not taken. Beyond these the oldest go: some seconds at 200 bundles a second. */
const LINES_MAX = 5_000;

/**
 * JSON lines in a file, for other programs (S0-44). It must not hold up what it tells of: lines are kept in memory and
 * appended once a second, and what a disk does not take is dropped, counted, and told in the log. The file is opened for each
 * write, so that it may be moved away or deleted at any time.
 */
export class BatchLog {
  readonly #file: string;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];
  #writing: Promise<void> | undefined;
  #isFailing = false;
  #dropped = 0;

  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
    this.#timer = setInterval(() => void this.#write(), FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  /** Lines that were given up since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  note(entry: Record<string, unknown>): void {
    this.#lines.push(`${redact(JSON.stringify({ at: new Date().toISOString(), ...entry }))}\n`);
    this.#dropBeyond();
  }

  /** Writes what is left. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#write();
    if (this.#lines.length > 0) this.#log.warn(`${this.#file}: ${this.#lines.length} lines could not be written`);
  }

  #write(): Promise<void> {
    if (this.#lines.length === 0) return this.#writing ?? Promise.resolve();
    this.#writing ??= this.#append().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #append(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    try {
      await appendFile(this.#file, lines.join(""), { mode: 0o640 });
    } catch (error) {
      // A part of them may be in the file: a line twice is better than one that is not there.
      this.#lines = [...lines, ...this.#lines];
      this.#dropBeyond();
      if (!this.#isFailing) this.#log.warn({ err: error }, `${this.#file}: lines of the batch log wait to be written`);
      this.#isFailing = true;
      return;
    }
    if (this.#isFailing)
      this.#log.info(`${this.#file}: written again; ${this.#dropped} lines were dropped since the start`);
    this.#isFailing = false;
  }

  #dropBeyond(): void {
    const excess = this.#lines.length - LINES_MAX;
    if (excess <= 0) return;
    this.#lines.splice(0, excess);
    this.#dropped += excess;
  }
}
