import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "./atomic-file.ts";

/** Ids reserved on disk at a time, as Kafka does: a restart skips the rest of a block and never repeats an id. */
const BLOCK_SIZE = 1000;

/** Hands out producer ids that no earlier run of this data directory has handed out. */
export class ProducerIds {
  readonly #path: string;
  #next: number;
  #blockEnd: number;

  constructor(dataDir: string) {
    this.#path = join(dataDir, "producer-ids.json");
    const stored = readJsonFile(this.#path) as { nextBlock?: number } | undefined;
    this.#next = stored?.nextBlock ?? 0;
    this.#blockEnd = this.#next;
  }

  next(): bigint {
    if (this.#next >= this.#blockEnd) {
      this.#blockEnd = this.#next + BLOCK_SIZE;
      writeJsonFile(this.#path, { nextBlock: this.#blockEnd });
    }
    return BigInt(this.#next++);
  }
}
