import { expect, it } from "vitest";
import { engineFault } from "./engine-library.ts";

it("the embedded engine's absence is told with its reason, and what to do", () => {
  const fault = (platform: string, ...installed: string[]) => engineFault(platform, (name) => installed.includes(name));
  expect(fault("linux-x64", "@chdb/lib-linux-x64-gnu")).toBeUndefined();
  expect(fault("darwin-arm64", "@chdb/lib-darwin-arm64")).toBeUndefined();
  expect(fault("win32-x64")).toMatch(/for Windows\. Use WSL 2, or name real servers with KAFKA_BROKERS/);
  expect(fault("linux-x64")).toMatch(/lib-linux-x64-gnu is not installed.*musl \(Alpine\).*CLICKHOUSE_URL/);
  expect(fault("freebsd-x64")).toMatch(/no embedded ClickHouse for freebsd-x64/);
});
