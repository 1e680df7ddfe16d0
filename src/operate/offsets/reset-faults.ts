import type { Admin } from "kafkajs";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { counted } from "../../core/counted.ts";
import type { ReconcileTarget } from "../reconcile/reconcile-target.ts";
import { readGroupState } from "./group-offsets.ts";
import { listOf, type Move, type ResetChoice, unsettledOf } from "./reset-move.ts";

export async function groupFaults(admin: Admin, { group }: ResetChoice): Promise<string[]> {
  const { state, members, isIdle } = await readGroupState(admin, group);
  if (isIdle) return [];
  return [`Group ${group} is in use (${state}, ${counted(members, "member")}): stop every instance of it first.`];
}

/** Partitions that stay as they are. */
export interface OtherPartitions {
  /** With ranges in flight to be stored together with some of those that are moved. */
  inDoubt: readonly string[];
  /** With ranges that are stored, as only the commits of those that are moved say. */
  untold: readonly string[];
}

/** Why the moves must not be made as they are, one sentence with the remedy each. */
export function moveFaults(
  choice: ResetChoice,
  moves: Move[],
  tables: ReconcileTarget | undefined,
  { inDoubt, untold }: OtherPartitions,
): string[] {
  const faults: string[] = [];
  const inFlight = moves.filter(({ partition }) => unsettledOf(partition)?.length !== 0);
  if (inFlight.length > 0 && !choice.discardIntents) {
    const together =
      inDoubt.length === 0
        ? ""
        : ` Some go together with ranges of ${inDoubt.join(", ")}, which would be left in doubt without them.`;
    faults.push(
      `${listOf(inFlight)}: the last commit names ranges in flight, which may be stored or not.${together} Start and ` +
        "stop Millrace once, so that it settles them, or give --discard-intents.",
    );
  }
  if (untold.length > 0 && !choice.discardIntents) {
    faults.push(
      `Ranges in flight of ${untold.join(", ")} are stored, which only the commits say that would be overwritten: they would ` +
        "be left in doubt. Start and stop Millrace once, so that it settles them, or give --discard-intents.",
    );
  }
  if (tables === undefined && moves.some(readsAgain) && !choice.allowDuplicates) {
    faults.push(
      "Records would be read again, and whether they are stored is not known: set CLICKHOUSE_URL, or give --allow-duplicates.",
    );
  }
  const doubled = moves.filter(({ rows = 0 }) => rows > 0);
  if (tables !== undefined && doubled.length > 0 && !choice.allowDuplicates) {
    faults.push(doubledText(tables, doubled));
  }
  if (tables === undefined && choice.record && moves.some(({ skipped }) => skipped > 0)) {
    faults.push("Skipped records are noted in ClickHouse as a known gap: set CLICKHOUSE_URL, or give --no-record.");
  }
  return faults;
}

/** Also what is stored beyond the committed offset, which could not move over it yet. */
function readsAgain({ again, to, partition: { intents } }: Move): boolean {
  return again > 0 || intents?.some(({ isStored, lastOffset }) => isStored === true && lastOffset >= to) === true;
}

/**
 * What makes a reset backwards safe. Deleted rows alone do not: ClickHouse goes on knowing their tokens, and a range that
 * happens to be cut as before would be taken for a repeat and dropped (tried with 26.7: after ALTER … DELETE and DELETE
 * FROM the same token stores nothing, after the window was set to 0 and back it does; TRUNCATE forgets the tokens).
 */
function doubledText({ facts, deadLetters }: ReconcileTarget, moves: Move[]): string {
  const rows = moves.reduce((sum, move) => sum + (move.rows ?? 0), 0);
  const { topic } = moves[0]!.partition;
  const bounds = (partition: string, offset: string) =>
    moves.map((move) => `(${partition} = ${move.partition.partition} AND ${offset} >= ${move.to})`).join(" OR ");
  const statements = [facts, ...(deadLetters === undefined ? [] : [deadLetters])].map(
    (table) =>
      `ALTER TABLE ${table.table} DELETE WHERE ${table.topic} = ${quoteText(topic)} AND ` +
      `(${bounds(table.partition, table.offset)})${table.filter === "" ? "" : ` AND ${table.filter}`} SETTINGS mutations_sync = 2;`,
  );
  return (
    `${rows} rows of these offsets are stored already and would be doubled: read again, they come in other ranges, ` +
    `which ClickHouse does not know. Delete them first: ${statements.join(" ")} Then make ClickHouse forget their ` +
    "ranges, or one that is cut as before would be dropped as a repeat: ALTER TABLE … MODIFY SETTING " +
    "non_replicated_deduplication_window = 0, and back to what it was. Tables behind materialized views keep what they " +
    "have counted. Or give --allow-duplicates."
  );
}
