import type { Logger } from "pino";
import type { FieldSample } from "../../codec/task.ts";
import { MillraceError } from "../../core/errors.ts";
import { nearestName } from "../../core/nearest-name.ts";
import type { PlanColumn, TablePlan } from "../../schema/plan.ts";

/** What the documents of a pipeline's topics and its columns have to do with each other, as far as it was looked at. */
export interface FieldFigures {
  table: string;
  /** Documents that were looked at: the first ones, later some of many. */
  documents: number;
  /** Columns that none of them had a field for, and that got their type's default. */
  unmatchedColumns: string[];
  /** Fields that nothing reads, the most frequent first: in how many of the documents. */
  unknownFields: Record<string, number>;
}

/** After so many documents a column that none of them had a field for is named in the log, once. */
const DOCUMENTS_TO_WARN = 1_000;

/**
 * Where the table has rows of the topic already, this pipeline, or one like it, has worked before: a few odd documents
 * after a restart do not stop it.
 */
const DOCUMENTS_TO_STOP_A_PROVEN = 100;

const FIELDS_SHOWN = 8;
const FIELDS_MAX = 200;

/**
 * Notices columns that match nothing. Every document "succeeds" then, as rows of empty texts and of 1970: a pipeline of
 * which no column has ever found its field stops before its first range is inserted.
 */
export class FieldWatch {
  readonly #plan: TablePlan;
  readonly #log: Logger;
  readonly #isProven: () => Promise<boolean>;
  readonly #matched: number[];
  readonly #unknown = new Map<string, number>();
  #documents = 0;
  #hasMatched = false;
  #hasWarned = false;

  /** `isProven`: whether the table has rows of the plan's topics; asked only when nothing matches. */
  constructor(plan: TablePlan, log: Logger, isProven: () => Promise<boolean>) {
    this.#plan = plan;
    this.#log = log;
    this.#isProven = isProven;
    this.#matched = plan.columns.map(() => 0);
  }

  /**
   * Takes a range's sample in, before the range is inserted. `rowCount`: rows that it would store.
   *
   * @throws MillraceError E_PLAN when no column has ever found its field.
   */
  async check(where: string, sample: FieldSample, rowCount: number): Promise<void> {
    this.#documents += sample.documents;
    for (const [place, count] of sample.matched.entries()) {
      this.#matched[place]! += count;
      if (count > 0) this.#hasMatched = true;
    }
    for (const [name, count] of sample.unknownFields) {
      if (this.#unknown.size >= FIELDS_MAX && !this.#unknown.has(name)) continue;
      this.#unknown.set(name, (this.#unknown.get(name) ?? 0) + count);
    }
    if (this.#hasMatched) this.#warnOnce();
    else if (rowCount > 0 && sample.documents > 0 && wantsFields(this.#plan)) await this.#stop(where);
  }

  get figures(): FieldFigures {
    return {
      table: this.#plan.table,
      documents: this.#documents,
      unmatchedColumns: this.#documents === 0 ? [] : this.#unmatched().map(({ name }) => name),
      unknownFields: Object.fromEntries(this.#frequent(FIELDS_MAX)),
    };
  }

  async #stop(where: string): Promise<void> {
    if (this.#documents < DOCUMENTS_TO_STOP_A_PROVEN && (await this.#isProven())) return;
    const { pipeline, table, columns } = this.#plan;
    const wanted = columns.filter(readsDocument);
    throw new MillraceError(
      "E_PLAN",
      `Nothing matches: no column of ${table} has a field in any of ${this.#documents} documents (${where}). ` +
        `Columns: ${list(wanted.map(({ name }) => name))}. Fields of the documents: ${list(this.#frequent(FIELDS_MAX).map(([name]) => name))}. ` +
        `${this.#guesses(wanted)}Nothing was inserted, and no offset is committed. Is ${this.#plan.topics.join(", ")} the ` +
        `right topic for ${table}? Say in a pipeline file where the values of "${pipeline}" come from (\`from: [field]\`), ` +
        "or give one column the whole record (`record: raw`)",
    );
  }

  #warnOnce(): void {
    if (this.#hasWarned || this.#documents < DOCUMENTS_TO_WARN) return;
    this.#hasWarned = true;
    const unmatched = this.#unmatched();
    if (unmatched.length === 0) return;
    const { table } = this.#plan;
    const columns = unmatched.map(({ name }) => name);
    const text = `${table}: none of the first ${this.#documents} documents has a field for ${list(columns)}`;
    const fields = this.#frequent(FIELDS_SHOWN).map(([name, count]) => `${name} (${count})`);
    const about = { table, columns, documents: this.#documents, unknownFields: fields };
    // Where every field is read, nothing is misspelt: the table is wider than these documents.
    if (fields.length === 0) this.#log.debug(about, text);
    else {
      const guesses = this.#guesses(unmatched);
      this.#log.warn(
        about,
        `${text}. The most frequent fields that nothing reads: ${fields.join(", ")}. ${guesses}`.trimEnd(),
      );
    }
  }

  /** Columns that got nothing but their type's default, though nobody has said so. */
  #unmatched(): PlanColumn[] {
    return this.#plan.columns.filter(
      (column, place) => readsDocument(column) && column.missing.kind === "typeDefault" && this.#matched[place] === 0,
    );
  }

  #frequent(most: number): [name: string, documents: number][] {
    return [...this.#unknown].sort(([, left], [, right]) => right - left).slice(0, most);
  }

  #guesses(columns: PlanColumn[]): string {
    const guesses = columns.flatMap(({ name }) => {
      const field = nearestName(name, this.#unknown.keys());
      return field === undefined ? [] : `${name} from ${field}`;
    });
    return guesses.length === 0 ? "" : `Perhaps ${guesses.slice(0, FIELDS_SHOWN).join(", ")}. `;
  }
}

/**
 * False for a table that keeps whole records, or nothing of a document at all: there is nothing to match. So with columns
 * that all have a default of their own: somebody has thought of documents without them.
 */
function wantsFields({ columns }: TablePlan): boolean {
  const keepsRecord = columns.some(({ source }) => source.kind === "record" && source.field === "raw");
  return !keepsRecord && columns.some((column) => readsDocument(column) && column.missing.kind === "typeDefault");
}

function readsDocument({ source }: PlanColumn): boolean {
  return source.kind === "document" && source.names.length > 0;
}

function list(names: string[]): string {
  const shown = names.slice(0, FIELDS_SHOWN).join(", ");
  return names.length > FIELDS_SHOWN ? `${shown} and ${names.length - FIELDS_SHOWN} more` : shown;
}
