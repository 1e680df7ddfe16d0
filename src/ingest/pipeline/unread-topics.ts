import type { Logger } from "pino";
import type { Unread } from "../source/topic-watch.ts";

/** What this process should read and does not, told to the log whenever it changes. */
export class UnreadTopics {
  readonly #log: Logger;
  readonly #absent = new Set<string>();
  #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Whether the topic was not there at some time since the start. Over restarts of the consumer, which forgets. */
  wasAbsent(topic: string): boolean {
    return this.#absent.has(topic);
  }

  set(unread: readonly Unread[]): void {
    for (const { topic, partition } of unread) if (partition === undefined) this.#absent.add(topic);
    const lines = new Set(byReason(unread));
    for (const line of lines) {
      if (!this.#told.has(line)) this.#log.error(`not read: ${line}. Millrace keeps looking, and reads it once it can`);
    }
    for (const line of this.#told) if (!lines.has(line)) this.#log.info(`no longer true: ${line}`);
    this.#told = lines;
  }
}

/** One line for all partitions of a topic that have the same trouble. */
function byReason(unread: readonly Unread[]): string[] {
  const partitions = new Map<string, { topic: string; reason: string; numbers: number[] }>();
  for (const { topic, partition, reason } of unread) {
    const key = `${topic} ${reason}`;
    const entry = partitions.get(key) ?? { topic, reason, numbers: [] };
    if (partition !== undefined) entry.numbers.push(partition);
    partitions.set(key, entry);
  }
  return [...partitions.values()].map(({ topic, reason, numbers }) => {
    const what = numbers.length === 1 ? "partition" : "partitions";
    return numbers.length === 0
      ? `topic ${topic}: ${reason}`
      : `topic ${topic}, ${what} ${numbers.join(", ")}: ${reason}`;
  });
}
