import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { rememberLogin } from "../core/redact.ts";
import { withoutSecrets } from "./log.ts";

function logged(write: (log: pino.Logger) => void): string {
  let lines = "";
  const stream = {
    write: (line: string) => {
      lines += line;
    },
  };
  write(pino({ level: "trace", ...withoutSecrets }, stream));
  return lines;
}

describe("the log", () => {
  it("takes out members that hold secrets, whatever is in them", () => {
    const text = logged((log) => {
      log.info({ sasl: { username: "u", password: "not-remembered-1" } }, "config");
      log.info({ config: { password: "not-remembered-2" }, headers: { authorization: "not-remembered-3" } }, "x");
      log.error({ err: Object.assign(new Error("x"), { config: { sasl: "not-remembered-4" } }) }, "failed");
    });
    expect(text).not.toContain("not-remembered");
    expect(text.match(/\[redacted\]/g)).toHaveLength(4);
  });

  it("takes out a loaded secret wherever it stands, and stays one JSON document a line", () => {
    const password = 'pa"ss\\word & more';
    rememberLogin("me", password);
    const cause = new Error(`cause ${password}`);
    const text = logged((log) => {
      log.warn(
        { err: new Error(`failed for ${password}`, { cause }) },
        `url https://me:${encodeURIComponent(password)}@h`,
      );
      log.warn({ deep: { deeper: [{ deepest: password }] } }, Buffer.from(`me:${password}`).toString("base64"));
    });
    for (const line of text.trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
    expect(text).not.toContain("word & more");
    expect(text).not.toContain("word%20%26");
    expect(text.match(/\[redacted\]/g)!.length).toBeGreaterThanOrEqual(5);
  });
});
