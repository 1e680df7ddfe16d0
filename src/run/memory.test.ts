import { expect, it } from "vitest";
import { machineBytes, memoryWarning } from "./memory.ts";

it("the demo says what memory it takes where there is less", () => {
  const MiB = 1024 * 1024;
  expect(memoryWarning(4_096 * MiB, 192 * MiB)).toBeUndefined();
  expect(memoryWarning(1_024 * MiB, 192 * MiB)).toMatch(/takes up to 1\.4 GiB of memory, and there are 1\.0/);
  expect(machineBytes()).toBeGreaterThan(64 * MiB);
});
