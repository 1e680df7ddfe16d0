import { describe, expect, it } from "vitest";
import { REDACTED, redact, rememberKey, rememberLogin, rememberSecret } from "./redact.ts";

describe("redact()", () => {
  it("takes a secret out of text, JSON, URLs and base64", () => {
    const secret = 'p"w\\ä & 100%/+';
    rememberSecret(secret);
    const shapes = [
      `wrong: ${secret}!`,
      JSON.stringify({ err: `wrong: ${secret}` }),
      `http://x/?p=${encodeURIComponent(secret)}`,
      `http://x/?${new URLSearchParams({ p: secret })}`,
      Buffer.from(secret).toString("base64"),
    ];
    for (const shape of shapes) {
      const clean = redact(shape);
      expect(clean).toContain(REDACTED);
      expect(clean).not.toContain("100%");
      expect(clean).not.toContain("100%25");
    }
  });

  it("takes out what Basic and PLAIN make of a login", () => {
    rememberLogin("writer", "open sesame");
    expect(redact(`Authorization: Basic ${Buffer.from("writer:open sesame").toString("base64")}`)).toBe(
      `Authorization: Basic ${REDACTED}`,
    );
    expect(redact(Buffer.from("\0writer\0open sesame").toString("base64"))).toBe(REDACTED);
  });

  it("replaces the longer of two secrets whole", () => {
    rememberSecret("abcdef");
    rememberSecret("abcdef-and-more");
    expect(redact("x abcdef-and-more y")).toBe(`x ${REDACTED} y`);
  });

  it("takes out single lines of a key", () => {
    const line = "A".repeat(40);
    rememberKey(`-----BEGIN PRIVATE KEY-----\n${line}\nAb==\n-----END PRIVATE KEY-----\n`);
    expect(redact(`bad line ${line} in -----BEGIN PRIVATE KEY-----`)).toBe(
      `bad line ${REDACTED} in -----BEGIN PRIVATE KEY-----`,
    );
  });

  it("leaves text alone that holds no secret, and secrets that are too short to hide", () => {
    rememberSecret("is");
    expect(redact("this is a line")).toBe("this is a line");
  });
});
