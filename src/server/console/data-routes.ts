import { ClickHouseError } from "@clickhouse/client";
import type { Context, Hono } from "hono";
import { redact } from "../../core/redact.ts";
import { readHistory } from "../../operate/dead-letters/read-history.ts";
import { groupLetters, listLetters, loadLettersOf } from "../../operate/dead-letters/read-letters.ts";
import type { Run } from "../../run/run.ts";
import { askRows, limits } from "./ask-rows.ts";
import { refusalOf, withoutEnd } from "./judge-statement.ts";
import { letterDocument } from "./letter-document.ts";
import { newestRows } from "./newest-rows.ts";
import { QueryGate } from "./query-gate.ts";
import { tableParts } from "./table-parts.ts";

const LETTERS_SHOWN = 50;
/** Older ones are for \`millrace dlq list\`: a table of years would be read whole. */
const LETTERS_SINCE_MS = 24 * 3600 * 1000;

/** The page's views of rows: dead letters, tables, SQL. Each asks ClickHouse, when somebody looks. */
export function addDataRoutes(app: Hono, runNow: () => Run | undefined, hasToken: boolean): void {
  const gate = new QueryGate();

  const ask = async (context: Context, answer: (run: Run) => Promise<unknown>) => {
    const run = runNow();
    if (run === undefined) return context.json({ detail: "it has not begun yet" }, 503);
    if (run.reader.needsLogin && !hasToken) return context.json({ detail: needsToken }, 403);
    try {
      const found = await gate.run(() => answer(run));
      if (found === undefined) {
        return context.json(
          {
            detail:
              "other queries are under way: one at a time, so that inserts have the rest. Try again in a few seconds",
          },
          429,
        );
      }
      return context.json(found as object);
    } catch (error) {
      return context.json({ detail: redact(textOf(error)) }, 422);
    }
  };

  app.get("/api/dead-letters", (context) =>
    ask(context, async ({ reader }) => {
      const { reason } = context.req.query();
      const filter = {
        sinceMs: Date.now() - LETTERS_SINCE_MS,
        reasons: reason === undefined ? undefined : [reason],
      };
      const groups = reason === undefined ? await groupLetters(reader.client(), filter) : undefined;
      return { groups, letters: await listLetters(reader.client(), filter, LETTERS_SHOWN) };
    }),
  );
  app.get("/api/dead-letters/record", (context) =>
    ask(context, async ({ reader }) => {
      const { topic = "", partition, offset } = context.req.query();
      const place = { topic, partition: countOf(partition), offset: countOf(offset) };
      const letters = await loadLettersOf(reader.client(), place);
      const histories = await Promise.all(letters.map((letter) => readHistory(reader.client(), letter)));
      return { letters: letters.map((letter, index) => letterDocument(letter, histories[index]!)) };
    }),
  );
  app.get("/api/parts", (context) =>
    ask(context, async ({ plans, reader }) => {
      const tables = plans.flatMap(({ table, deadLetters }) => [table, deadLetters.table]);
      return { tables: await tableParts(reader.client(), [...new Set(tables)]) };
    }),
  );
  app.get("/api/rows", (context) =>
    ask(context, async ({ plans, reader }) => {
      const plan = plans.find(({ table }) => table === context.req.query("table"));
      if (plan === undefined) throw new Error("no pipeline writes into a table of that name");
      return newestRows(reader.client(), plan);
    }),
  );
  app.post("/api/sql", async (context) => {
    const sql = await statementOf(context);
    const refusal = sql === undefined ? 'The body must be {"sql": "…"}.' : refusalOf(sql);
    if (refusal !== undefined) return context.json({ detail: refusal }, 422);
    return ask(context, ({ reader }) => askRows(reader.client(), withoutEnd(sql!)));
  });
  app.get("/api/limits", (context) => context.json(limits));
}

const needsToken =
  "ClickHouse asks for a login here, so rows are shown only to who shows a token: start with MILLRACE_HTTP_TOKEN set " +
  "(openssl rand -hex 32 makes one)";

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message.trim() : String(error);
  return error instanceof ClickHouseError && error.type !== undefined ? `${text} (${error.type})` : text;
}

function countOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,16}$/.test(text)) throw new Error(`${text ?? "nothing"} is no partition or offset`);
  return Number(text);
}

async function statementOf(context: Context): Promise<string | undefined> {
  const body = (await context.req.json().catch(() => undefined)) as { sql?: unknown } | undefined;
  return typeof body?.sql === "string" ? body.sql : undefined;
}
