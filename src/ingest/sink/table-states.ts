import type { PauseBounds } from "../../core/backoff.ts";
import { InsertPace } from "./insert-pace.ts";
import { InsertPlaces } from "./insert-places.ts";

/** A table that has taken no rows since an insert into it failed. */
export interface StalledTable {
  table: string;
  /** When the first of these inserts failed, ms since 1970. */
  sinceMs: number;
  /** Why the last one did. */
  reason: string;
}

/** What the sink knows of each table: at which pace it takes inserts, and whether it takes them at all. */
export class TableStates {
  readonly #paces = new Map<string, InsertPace>();
  readonly #stalled = new Map<string, StalledTable>();
  /** By table: rows that were refused alone, in doubt, since it took something. */
  readonly #doubted = new Map<string, number>();
  readonly #newPace: () => InsertPace;
  readonly #onRecovered: (table: string) => void;

  constructor(insertsMax: number, bounds: PauseBounds, signal: AbortSignal, onRecovered: (table: string) => void) {
    // One more than a single table takes: inserts that hang leave a place to the other tables.
    const places = new InsertPlaces(insertsMax + 1);
    this.#newPace = () => new InsertPace(insertsMax, bounds, signal, places);
    this.#onRecovered = onRecovered;
  }

  paceOf(table: string): InsertPace {
    const pace = this.#paces.get(table) ?? this.#newPace();
    this.#paces.set(table, pace);
    return pace;
  }

  /** An insert into the table failed, and goes again. */
  noteFailure(table: string, error: unknown): void {
    const reason = error instanceof Error ? error.message.trim() || error.name : String(error);
    this.#stalled.set(table, { table, sinceMs: this.#stalled.get(table)?.sinceMs ?? Date.now(), reason });
  }

  /** A row was refused alone, by an error that nobody has judged. Returns how many were since the table took something. */
  noteDoubted(table: string): number {
    const count = (this.#doubted.get(table) ?? 0) + 1;
    this.#doubted.set(table, count);
    return count;
  }

  noteStored(table: string): void {
    this.paceOf(table).noteStored();
    this.#doubted.delete(table);
    if (this.#stalled.delete(table)) this.#onRecovered(table);
  }

  isStalled(table: string): boolean {
    return this.#stalled.has(table);
  }

  get stalled(): StalledTable[] {
    return [...this.#stalled.values()];
  }
}
