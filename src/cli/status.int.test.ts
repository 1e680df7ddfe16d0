import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type IngesterServer, openIngesterServer } from "../server/ingester-server.ts";
import { runMillrace } from "../testing/run-millrace.ts";

/** `millrace status` of an ingester that is not ready, and of none at all: what scripts rely on are the exit codes. */

const token = "a-token-of-a-test-0123";
let folder: string;
let server: IngesterServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-status-"));
  server = await openIngesterServer({ port: 0, address: "127.0.0.1", mayMove: false, token }, "1.2.3");
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const status = (more: string[], env: Record<string, string> = {}) =>
  runMillrace(["status", ...more], { MILLRACE_DIR: folder, ...env });

it("tells by its exit code whether it is ready, and why not, to who shows the token", async () => {
  const withToken = { MILLRACE_HTTP_TOKEN: token };
  const [starting, json, without, wrong] = await Promise.all([
    status(["--url", server.url], withToken),
    status(["--url", server.url, "--json"], withToken),
    status(["--url", server.url]),
    status(["--url", server.url], { MILLRACE_HTTP_TOKEN: "another-token-of-a-test" }),
  ]);
  expect(starting).toMatchObject({
    code: 1,
    stderr: "",
    stdout: expect.stringMatching(/^STARTING {3}It has not begun/),
  });
  expect(JSON.parse(json.stdout)).toMatchObject({
    url: server.url,
    ready: false,
    health: { state: "starting" },
    run: null,
  });
  expect(without).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("set MILLRACE_HTTP_TOKEN") });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("MILLRACE_HTTP_TOKEN is another") });
  server.ending("SIGTERM");
  expect(await status(["--url", server.url], withToken)).toMatchObject({
    ...{ code: 1, stdout: expect.stringMatching(/^STOPPING {3}.*SIGTERM/) },
  });
});

it("has an exit code of its own for nobody who answers, and says what to do", async () => {
  const [elsewhere, watched] = await Promise.all([
    status(["--url", "http://127.0.0.1:1"]),
    status(["--url", "http://127.0.0.1:1", "--watch"]),
  ]);
  for (const run of [elsewhere, watched])
    expect(run).toMatchObject({
      code: 3,
      stdout: "",
      stderr: expect.stringContaining("nothing answers at http://127.0.0.1:1"),
    });
  expect(await status(["--url", "127.0.0.1:8080"])).toMatchObject({ code: 2 });
});
