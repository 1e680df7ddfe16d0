import { afterEach, describe, expect, it, vi } from "vitest";
import { aboveBottomLine, endBottomLine, fit, showBottomLine } from "./bottom-line.ts";

afterEach(() => {
  endBottomLine();
  vi.restoreAllMocks();
});

describe("fit()", () => {
  it("leaves fields away from the end, and never exceeds the columns", () => {
    const fields = ["12 s", "stored 5000000 (120000/s)", "lag 12345", "in flight 12 MiB"];
    for (let columns = 0; columns < 80; columns++) {
      const line = fit(fields, columns);
      expect(line.length).toBeLessThanOrEqual(columns);
      expect(fields.join("  ").startsWith(line)).toBe(true);
    }
    expect(fit(fields, 79)).toBe(fields.join("  "));
    expect(fit(fields, 41)).toBe("12 s  stored 5000000 (120000/s)");
  });
});

describe("aboveBottomLine()", () => {
  it("takes the line away, writes, and puts the line back", () => {
    let screen = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      screen += text;
      return true;
    });
    const log = (text: string) => aboveBottomLine(text, () => process.stdout.write(text));
    log("before\n");
    showBottomLine(["1 s", "stored 5"]);
    log("a line of the log\n");
    endBottomLine();
    log("after\n");
    expect(screen).toBe("before\n\r\x1b[K1 s  stored 5\r\x1b[Ka line of the log\n1 s  stored 5\nafter\n");
  });
});
