import { expect, it } from "vitest";
import { fit } from "./bottom-line.ts";
import { type Status, statusFields } from "./status-line.ts";

const status: Status = {
  seconds: 3_600,
  produced: 1_440_000_000,
  stored: 1_439_000_000,
  storedPerSecond: 400_000,
  dead: 0,
  lag: 1_000_000,
  unread: 0,
  p95Ms: 1_042,
  inFlightMiB: 192,
  isPaused: false,
};

it("tells no latency before there is a row", () => {
  const fields = statusFields({ ...status, stored: 0, storedPerSecond: 0, p95Ms: undefined });
  expect(fields.join("  ")).not.toContain("p95");
  expect(statusFields(status)).toContain("e2e p95 1042 ms");
});

it("has room for what matters in 80 columns", () => {
  const line = fit(statusFields({ ...status, isPaused: true, dead: 12_345 }), 79);
  expect(line).toBe("3600 s  stored 1439000000 (400000/s)  paused  lag 1000000  dead 12345");
});
