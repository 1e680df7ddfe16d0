import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { isLoopback } from "../core/loopback.ts";
import { checkListenAddress, guardAccess } from "./http-access.ts";

const token = "0123456789abcdef";

function app(secret: string | undefined): Hono {
  return new Hono().use(guardAccess(secret)).get("/", (context) => context.text("in"));
}

describe("guardAccess()", () => {
  it.each<[header: string | undefined, status: number]>([
    [`Bearer ${token}`, 200],
    [`bearer ${token}`, 200],
    [undefined, 401],
    ["Bearer ", 401],
    [`Bearer ${token}0`, 401],
    [`Bearer ${token.slice(1)}`, 401],
    [`Basic ${btoa(`:${token}`)}`, 401],
    [token, 401],
  ])("answers %j with %i", async (header, status) => {
    const headers = header === undefined ? {} : { Authorization: header };
    const answer = await app(token).request("/", { headers });
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain(token);
  });

  it("without a token serves names of this machine alone, so that no page's own name leads here", async () => {
    for (const host of ["127.0.0.1:8080", "localhost", "[::1]:80"]) {
      expect((await app(undefined).request("/", { headers: { Host: host } })).status).toBe(200);
    }
    expect((await app(undefined).request("/", { headers: { Host: "page.example:8080" } })).status).toBe(403);
  });
});

describe("checkListenAddress()", () => {
  it("lets loopback go without a token, and nothing else", () => {
    for (const address of ["127.0.0.1", "127.0.0.2", "::1", "localhost"]) {
      expect(isLoopback(address)).toBe(true);
      checkListenAddress("--listen", address, undefined);
    }
    for (const address of ["0.0.0.0", "::", "192.168.1.2", "::ffff:192.168.1.2"]) {
      expect(() => checkListenAddress("--listen", address, undefined)).toThrow(/MILLRACE_HTTP_TOKEN/);
      checkListenAddress("--listen", address, token);
    }
    expect(() => checkListenAddress("--listen", "example.com", token)).toThrow("must be an IP address");
  });
});
