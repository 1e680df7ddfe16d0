import { describe, expect, it } from "vitest";
import { isClock } from "./clock-defaults.ts";

describe("isClock()", () => {
  it.each([
    ...[
      "now()",
      "now('Asia/Seoul')",
      "NOW()",
      "now64()",
      "now64(3)",
      "now64(6, 'UTC')",
      "CURRENT_TIMESTAMP",
      "today()",
    ],
    ...[
      "toDate(now())",
      "toUnixTimestamp64Milli(now64(3))",
      "CAST(now64(3), 'DateTime64(3)')",
      "toDate(toDateTime(now()))",
    ],
  ])("knows %s", (expression) => expect(isClock(expression)).toBe(true));

  it.each([
    ...["", "ts", "now", "now64(scale)", "now() + 1", "now() - now()", "if(ts = 0, now(), ts)", "greatest(now(), ts)"],
    ...["rand()", "generateUUIDv7()", "toDate(ts)", "CAST(ts, 'now()')", "'now()'", "toDateTime(ts, now())"],
  ])("leaves %s alone", (expression) => expect(isClock(expression)).toBe(false));
});
