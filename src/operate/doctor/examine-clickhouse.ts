import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { measureClockOffset } from "../../clients/clickhouse/clock-offset.ts";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { ownDatabase } from "../../config/own-database.ts";
import { insertSecondsMax, insertSettings, readNewerSettings } from "../../ingest/sink/insert-settings.ts";
import { trialInsert } from "../../ingest/sink/trial-insert.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { examineTables } from "./examine-tables.ts";
import type { ClickHouseFacts, GrantFacts, ServerFacts, SettingFacts, TrialInsert } from "./facts.ts";

/** Settings that no insert sets, but that the judgement needs. */
const furtherSettings = ["http_receive_timeout", "materialized_views_ignore_errors"];
const SERVER_ID_SAMPLES = 3;
/** As the sink has it: an insert that touches more is split. */
const PARTITIONS_MAX = 100;

/**
 * Reads the server, the user's settings and rights, and every table that inserts reach. Writes nothing: the trial
 * inserts have no rows, and a fence that has closed long ago.
 *
 * @throws what the client throws when the server cannot be asked.
 */
export async function examineClickHouse(
  client: ClickHouseClient,
  plans: readonly TablePlan[],
  options: { embedded: boolean },
): Promise<ClickHouseFacts> {
  const newer = await readNewerSettings(client);
  const sent = insertSettings("", 1, PARTITIONS_MAX, newer);
  const server = await readServer(client, Object.fromEntries(Object.entries(sent).map(([k, v]) => [k, String(v)])));
  const { tables, others } = await examineTables(client, plans);
  const trials: TrialInsert[] = [];
  const targets = new Map(plans.flatMap((plan) => [plan, plan.deadLetters]).map((target) => [target.table, target]));
  for (const { table, columns, format } of targets.values()) {
    const trial = trialInsert(
      client,
      { table, columns, format },
      { partitionsMax: PARTITIONS_MAX, newerSettings: newer },
    );
    trials.push({ table, error: await trial.then(() => undefined, errorOf) });
  }
  const grants = options.embedded ? [] : await readGrants(client, [...targets.keys()]);
  return { server, tables, others, trials, grants };
}

/** @throws an error that is not of the server: then nothing can be said about the table. */
function errorOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof ClickHouseError)) throw error;
  return { code: error.code, message: error.message.split("\n", 1)[0]!.trim() };
}

async function readServer(client: ClickHouseClient, sentSettings: Record<string, string>): Promise<ServerFacts> {
  const [about] = await queryRows<{ version: string; timeZone: string; user: string }>(
    client,
    "SELECT version() AS version, serverTimezone() AS timeZone, currentUser() AS user",
  );
  const [plain, replicated, settings, clock, serverIds] = await Promise.all([
    readTableSettings(client, "merge_tree_settings"),
    readTableSettings(client, "replicated_merge_tree_settings"),
    readSettings(client, [...Object.keys(sentSettings), ...furtherSettings]),
    measureClockOffset(client),
    readServerIds(client),
  ]);
  return {
    ...about!,
    clock,
    serverIds,
    settings,
    sentSettings,
    insertSecondsMax,
    tableSettings: { plain, replicated },
  };
}

async function readTableSettings(client: ClickHouseClient, table: string): Promise<Record<string, string>> {
  const rows = await queryRows<{ name: string; value: string }>(
    client,
    `SELECT name, value FROM system.${table} WHERE name LIKE '%replicated_deduplication_window%'`,
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

interface SettingRow {
  name: string;
  value: string;
  readonly: number;
  min: string | null;
  max: string | null;
  disallowed?: string[];
}

async function readSettings(client: ClickHouseClient, names: string[]): Promise<Record<string, SettingFacts>> {
  const [known] = await queryRows<{ hasDisallowed: number }>(
    client,
    `SELECT count() AS hasDisallowed FROM system.columns
     WHERE database = 'system' AND table = 'settings' AND name = 'disallowed_values'`,
  );
  // The column is newer than the oldest supported server.
  const disallowed = Number(known!.hasDisallowed) > 0 ? ", disallowed_values AS disallowed" : "";
  const rows = await queryRows<SettingRow>(
    client,
    `SELECT name, value, readonly, min, max${disallowed} FROM system.settings WHERE name IN (${names.map(quoteText).join(", ")})`,
  );
  return Object.fromEntries(
    rows.map(({ name, value, readonly, min, max, disallowed: not }) => [
      name,
      { value, readonly: readonly === 1, min: min ?? undefined, max: max ?? undefined, disallowed: not ?? [] },
    ]),
  );
}

/** Asked at once, so that each question gets a connection of its own. */
async function readServerIds(client: ClickHouseClient): Promise<string[]> {
  const asked = Array.from({ length: SERVER_ID_SAMPLES }, () =>
    queryRows<{ id: string }>(client, "SELECT toString(serverUUID()) AS id").catch(() => []),
  );
  return [...new Set((await Promise.all(asked)).flat().map(({ id }) => id))];
}

async function readGrants(client: ClickHouseClient, tables: string[]): Promise<GrantFacts[]> {
  const wanted: [GrantFacts["right"], string][] = [
    ...tables.flatMap((table): [GrantFacts["right"], string][] => [
      ["INSERT", table],
      ["SELECT", table],
    ]),
    ["CREATE TABLE", `${ownDatabase}.*`],
  ];
  const grants: GrantFacts[] = [];
  for (const [right, table] of wanted) {
    const granted = await checkGrant(client, `CHECK GRANT ${right} ON ${table}`);
    if (granted !== undefined) grants.push({ table, right, granted });
  }
  return grants;
}

/** Undefined: the server does not know CHECK GRANT (24.11). The statement takes no FORMAT clause. */
async function checkGrant(client: ClickHouseClient, statement: string): Promise<boolean | undefined> {
  try {
    const { stream } = await client.exec({ query: statement });
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return text.trim() === "1";
  } catch (error) {
    if (error instanceof ClickHouseError) return undefined;
    throw error;
  }
}
