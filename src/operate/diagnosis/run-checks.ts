import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { isServerError } from "../../clients/clickhouse/server-error.ts";
import { type Check, type CheckRow, checks } from "./checks.ts";

/** `unknown`: ClickHouse has no such table here, or this user may not read it. */
export type CheckStatus = "ok" | "unhealthy" | "unknown";

export interface CheckResult extends Pick<Check, "name" | "title" | "means"> {
  status: CheckStatus;
  rows: CheckRow[];
  /** What there is to say: what is wrong, that there is nothing, or why it is not known. Null: the rows say it. */
  says: string | null;
  remedy: string | null;
}

const directory = join(import.meta.dirname, "../../../sql/diagnostics");
const MINUTES = 10;

/** Looks into ClickHouse, one question at a time: a server that is in trouble should not get seven at once. */
export async function runChecks(client: ClickHouseClient): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(await runCheck(client, check));
  return results;
}

/** The statement of a check, as a person can paste it; `{minutes:UInt32}` is a parameter. */
export function statementOf({ name }: Pick<Check, "name">): string {
  return readFileSync(join(directory, `${name}.sql`), "utf8");
}

async function runCheck(client: ClickHouseClient, check: Check): Promise<CheckResult> {
  const { name, title, means } = check;
  const result = (status: CheckStatus, rows: CheckRow[], says: string | null, remedy: string | null): CheckResult => ({
    ...{ name, title, means, status, rows, says, remedy },
  });
  try {
    const rows = await queryRows<CheckRow>(client, statementOf(check), { minutes: MINUTES });
    const verdict = check.judge(rows);
    if (verdict !== undefined) return result("unhealthy", rows, verdict.fault, verdict.remedy);
    return result("ok", rows, rows.length === 0 ? check.empty : null, null);
  } catch (error) {
    const table = /FROM (system\.\w+)/.exec(statementOf(check))![1];
    if (isServerError(error, "UNKNOWN_TABLE"))
      return result("unknown", [], `${table} is not here: ${check.absent}`, null);
    if (isServerError(error, "ACCESS_DENIED")) {
      const remedy = `GRANT SELECT ON ${table} TO this user, or ask as a user that may (sql/access/reader.sql)`;
      return result("unknown", [], `this user may not read ${table}`, remedy);
    }
    throw error;
  }
}
