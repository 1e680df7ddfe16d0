import { expect, it } from "vitest";
import { ingesterRoutes } from "../ingester-api.ts";
import { feedBeforeRun } from "../testing/no-feed.ts";

const token = "a-token-of-the-test-0123";
const page = { "X-Millrace-Console": "1", "Content-Type": "application/json" };

function guarded() {
  const served = {
    ...{ phase: () => ({ at: "starting" }) as const, run: () => undefined, version: "1.2.3", kafkaBackMs: () => 0 },
    ...{ metrics: async () => ({ text: "", contentType: "text/plain" }), feed: feedBeforeRun() },
  };
  return ingesterRoutes(served, token);
}

const login = (app: ReturnType<typeof guarded>, typed: unknown, headers: Record<string, string> = page) =>
  app.request("/api/login", { method: "POST", headers, body: JSON.stringify({ token: typed }) });

it("gives for the token a cookie that no script and no other site can use, and that is not the token", async () => {
  const app = guarded();
  expect((await app.request("/api/history")).status).toBe(401);
  const answer = await login(app, token);
  const [set = ""] = answer.headers.getSetCookie();
  expect(answer.status).toBe(200);
  expect(set).toMatch(/^millrace_session\w*=[\w-]{43}; .*HttpOnly/);
  expect(set).toContain("SameSite=Strict");
  expect(set).not.toContain(token);
  const Cookie = set.split(";")[0]!;
  expect((await app.request("/api/history", { headers: { Cookie } })).status).toBe(200);
  // Of another process: its key is another one.
  expect((await guarded().request("/api/history", { headers: { Cookie } })).status).toBe(401);
  expect((await app.request("/api/history", { headers: { Cookie: `${Cookie}x` } })).status).toBe(401);
});

it.each(["", "wrong", `${token}0`, 7, null])("gives nothing for %j", async (typed) => {
  const answer = await login(guarded(), typed);
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
});

it("serves the page without a token, with a policy that lets it load nothing from elsewhere, and none of its data", async () => {
  const app = guarded();
  for (const path of ["/", "/console/main.js", "/console/console.css", "/console/echarts.js"]) {
    const answer = await app.request(path);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("content-security-policy")).not.toMatch(/unsafe|https?:|\*/);
  }
  for (const path of ["/api/stream", "/api/history", "/api/rows", "/api/dead-letters", "/api/parts", "/api/limits"])
    expect([path, (await app.request(path)).status]).toEqual([path, 401]);
  for (const path of ["/console/../http-access.ts", "/console/%2e%2e/history.ts", "/console/tsconfig.json"])
    expect((await app.request(path, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(404);
});

it("refuses what another site's page has a browser do", async () => {
  const app = guarded();
  const headers = { Authorization: `Bearer ${token}` };
  const status = async (more: Record<string, string>, path = "/api/history", method = "GET") =>
    (await app.request(path, { method, headers: { ...headers, ...more } })).status;
  expect(await status({ "Sec-Fetch-Site": "same-origin" })).toBe(200);
  expect(await status({ "Sec-Fetch-Site": "cross-site" })).toBe(403);
  expect(await status({ "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors" })).toBe(403);
  // A link on another page may be followed.
  expect(await status({ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" }, "/")).toBe(200);
  expect(await status({ Origin: "https://page.example", Host: "127.0.0.1:8080" })).toBe(403);
  expect(await status({ Origin: "null", Host: "127.0.0.1:8080" })).toBe(403);
  expect(await status({ Origin: "http://127.0.0.1:8080", Host: "127.0.0.1:8080" })).toBe(200);
  // A form can post, and cannot send the header.
  expect(await status({ "Content-Type": "text/plain" }, "/api/sql", "POST")).toBe(403);
  expect((await login(app, token, { "Content-Type": "text/plain" })).status).toBe(403);
});
