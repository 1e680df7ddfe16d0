import type { Life, World } from "./world.ts";

/** What became of an insert, as its sender hears of it. */
export type InsertAnswer = "stored" | "late";

export interface SimulatedInsert {
  token: string;
  /** `partition:offset` of each row. */
  keys: readonly string[];
  /** By the warehouse's clock. */
  deadlineMs: number;
  /** Only rows that the table does not have. */
  absentOnly: boolean;
}

/** A table with a deduplication window, and the fence in its inserts. */
export class SimulatedWarehouse {
  readonly world: World;
  /** How often each record is in the table, by `partition:offset`. */
  readonly rows = new Map<string, number>();
  inserts = 0;
  late = 0;
  repeated = 0;
  /** Answers nothing until then. */
  downUntilMs = 0;
  readonly #windowTokens: number;
  readonly #clockOffsetMs: number;
  readonly #tokens: string[] = [];

  constructor(world: World, windowTokens: number) {
    this.world = world;
    this.#windowTokens = windowTokens;
    this.#clockOffsetMs = world.random.between(-5_000, 5_000);
  }

  get nowMs(): number {
    return this.world.nowMs + this.#clockOffsetMs;
  }

  /** ClickHouse's clock minus the process' clock, as well as a process can measure it. */
  offsetFor(life: Life): number {
    return this.nowMs - life.nowMs() + this.world.random.between(-5, 5);
  }

  /** The insert goes its way whatever becomes of its sender; the answer may be lost before or after it was done. */
  async insert(life: Life, { token, keys, deadlineMs, absentOnly }: SimulatedInsert): Promise<InsertAnswer> {
    const { world } = this;
    const fate = world.random.fraction();
    let answer: InsertAnswer = "stored";
    const handled = new Promise<void>((resolve) => {
      world.after(world.latencyMs(), () => {
        if (fate >= 0.03 && world.nowMs >= this.downUntilMs)
          answer = this.#apply(token, absentOnly ? this.#absent(keys) : keys, deadlineMs);
        else answer = "late";
        resolve();
      });
    });
    await handled;
    await life.arrival(world.latencyMs());
    if (fate < 0.06 || world.nowMs < this.downUntilMs) throw new Error("connection reset");
    return answer;
  }

  #absent(keys: readonly string[]): string[] {
    return keys.filter((key) => !this.rows.has(key));
  }

  #apply(token: string, keys: readonly string[], deadlineMs: number): InsertAnswer {
    if (this.nowMs >= deadlineMs) {
      this.late += 1;
      return "late";
    }
    if (this.#tokens.includes(token)) {
      this.repeated += 1;
      return "stored";
    }
    this.#tokens.push(token);
    if (this.#tokens.length > this.#windowTokens) this.#tokens.shift();
    this.inserts += 1;
    for (const key of keys) this.rows.set(key, (this.rows.get(key) ?? 0) + 1);
    return "stored";
  }
}
