import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./scripts/test-order.ts";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts"],
    // Ends a test that hangs. On a busy machine a start of the program takes ten times its two seconds.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // For two cores: more than half of an integration test's time is waiting, for sessions to end and servers to start.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Some hundred processes load the program anew, for 1 s of CPU time each; what was compiled before, for 0.6 s.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, ".cache/node-compile") },
  },
});
