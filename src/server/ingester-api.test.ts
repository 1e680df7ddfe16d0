import { expect, it } from "vitest";
import { rememberSecret } from "../core/redact.ts";
import { ingesterRoutes, type ServedIngester } from "./ingester-api.ts";
import { checkAnswers } from "./testing/check-answers.ts";
import { feedBeforeRun } from "./testing/no-feed.ts";

const token = "a-token-of-the-test-0123";
const starting: ServedIngester = {
  phase: () => ({ at: "starting" }),
  run: () => undefined,
  version: "1.2.3",
  kafkaBackMs: () => 0,
  feed: feedBeforeRun(),
  metrics: async () => ({ text: "# nothing\n", contentType: "text/plain; version=0.0.4; charset=utf-8" }),
};

it("answers as its OpenAPI document says, before there is a run, with a token and without", async () => {
  const ask = (app: ReturnType<typeof ingesterRoutes>, headers: Record<string, string>) => (path: string) =>
    app.request(path, { headers });
  const open = ingesterRoutes(starting, undefined);
  const statuses = {
    ...{ "/metrics": 200, "/healthz": 200, "/readyz": 503, "/api/status": 200, "/api/openapi.json": 200 },
    ...{ "/api/stream": 200, "/api/history": 200, "/api/limits": 200, "/api/dead-letters": 503, "/api/parts": 503 },
  };
  expect(await checkAnswers(ask(open, {}))).toEqual(statuses);
  const guarded = ingesterRoutes(starting, token);
  expect(await checkAnswers(ask(guarded, { Authorization: `Bearer ${token}` }), open)).toEqual(statuses);
  expect(await checkAnswers(ask(guarded, {}), open)).toEqual({
    ...Object.fromEntries(Object.keys(statuses).map((path) => [path, 401])),
    ...{ "/healthz": 200, "/readyz": 503 },
  });
});

it("describes its refusals, too: of a foreign page, and of a body that is too large", async () => {
  const open = ingesterRoutes(starting, undefined);
  const foreign = await checkAnswers(
    (path) => open.request(path, { headers: { Origin: "http://attacker.example" } }),
    open,
  );
  expect(new Set(Object.values(foreign))).toEqual(new Set([403]));
  const [headers, body] = [{ "X-Millrace-Console": "1" }, "x".repeat(64 * 1024 + 1)];
  const answer = await open.request("/api/sql", { method: "POST", headers, body });
  expect([answer.status, await answer.json()]).toEqual([413, { detail: "a body has 64 KiB at most" }]);
  const { paths } = (await (await open.request("/api/openapi.json")).json()) as Api;
  expect(paths["/api/sql"]?.post?.responses[413]).toBeDefined();
});

it("tells probes without a token no more than yes or no", async () => {
  const app = ingesterRoutes(starting, token);
  expect(await (await app.request("/readyz")).json()).toEqual({ status: "not ready" });
  const headers = { Authorization: `Bearer ${token}` };
  expect(await (await app.request("/readyz", { headers })).json()).toMatchObject({ reasons: [{ code: "starting" }] });
});

it("answers no page of somebody else's, without a token: its name may be that of a page in this machine's browser", async () => {
  const app = ingesterRoutes(starting, undefined);
  expect((await app.request("/readyz", { headers: { Host: "attacker.example:8080" } })).status).toBe(403);
});

it("takes secrets out of what it says", async () => {
  rememberSecret("hunter2-of-the-api-test");
  const phase = () => ({ at: "ending", reason: "login with hunter2-of-the-api-test failed" }) as const;
  const app = ingesterRoutes({ ...starting, phase }, undefined);
  expect(await (await app.request("/readyz")).text()).toContain("login with [redacted] failed");
});

interface Api {
  paths: Record<string, { post?: { responses: Record<string, unknown> } }>;
}
