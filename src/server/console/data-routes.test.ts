import { Hono } from "hono";
import { expect, it } from "vitest";
import type { Run } from "../../run/run.ts";
import { addDataRoutes } from "./data-routes.ts";

/** A run whose ClickHouse is not asked: what is tested is decided before. */
function routesOf({ needsLogin, hasToken }: { needsLogin: boolean; hasToken: boolean }) {
  const app = new Hono();
  const client = () => {
    throw new Error("ClickHouse is asked");
  };
  const run = { plans: [], reader: { client, needsLogin, close: async () => {} } } as unknown as Run;
  addDataRoutes(app, () => run, hasToken);
  return app;
}

const paths = ["/api/dead-letters", "/api/dead-letters/record?topic=t&partition=0&offset=1", "/api/parts"];

it.each(paths)("shows no rows of a ClickHouse that asks for a login to who shows no token: %s", async (path) => {
  const answer = await routesOf({ needsLogin: true, hasToken: false }).request(path);
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("MILLRACE_HTTP_TOKEN")]);
  for (const open of [
    { needsLogin: true, hasToken: true },
    { needsLogin: false, hasToken: false },
  ])
    expect(await (await routesOf(open).request(path)).text()).toContain("ClickHouse is asked");
});

it("says what is wrong with a question before it asks ClickHouse", async () => {
  const app = routesOf({ needsLogin: false, hasToken: false });
  const detail = async (path: string) => ((await (await app.request(path)).json()) as { detail: string }).detail;
  expect(await detail("/api/rows?table=system.users")).toBe("no pipeline writes into a table of that name");
  expect(await detail("/api/dead-letters/record?topic=t&partition=0&offset=1;")).toContain("is no partition or offset");
  const sql = (body: string) => app.request("/api/sql", { method: "POST", body });
  expect(await (await sql("SELECT 1")).text()).toContain("The body must be");
  expect(await (await sql('{"sql":"DROP TABLE t"}')).text()).toContain("Only statements that read");
});

it("answers 503 while there is no run", async () => {
  const app = new Hono();
  addDataRoutes(app, () => undefined, false);
  expect((await app.request("/api/parts")).status).toBe(503);
});
