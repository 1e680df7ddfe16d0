import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Two cores: servers of the integration tests and the test runner share them.
    maxWorkers: 2,
    // Some hundred processes load the program anew, for 1 s of CPU time each; what was compiled before, for 0.6 s.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, ".cache/node-compile") },
  },
});
