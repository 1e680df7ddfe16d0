import { describe, expect, it } from "vitest";
import { loadKernelModule } from "../../../workers/kernel-module.ts";
import { runFuzzRound } from "./testing/fuzz-run.ts";
import { emptyCounts } from "./testing/transcoder-pair.ts";

const module = loadKernelModule();

/** The small share of what `npm run fuzz:kernel` runs for as long as one likes. */
describe("mutated record batches", () => {
  it("come out of the kernel as out of the reference, and leave its memory whole", () => {
    const counts = emptyCounts();
    for (let round = 0; round < 30; round++) runFuzzRound({ module, seed: 7, round, tasks: 32, counts });
    expect(counts.batches).toBeGreaterThan(7_000);
    // Batches that nobody can read prove little: enough of them have to get as far as rows.
    expect(counts.rows).toBeGreaterThan(2_000);
    expect(counts.deadByType.batch_corrupt).toBeGreaterThan(2_000);
    expect(counts.deadByType.json_parse_failed).toBeGreaterThan(1_000);
    expect(counts.memoryBytesMax).toBeLessThan(64 * 1024 * 1024);
  });
});
