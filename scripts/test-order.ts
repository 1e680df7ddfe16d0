import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Tests that take 20 s and more on two quiet cores, the longest first, and in turn those that start many processes and those
 * that mostly wait, for sessions that end and for retries. Begun last, as small files are where nothing is known of earlier
 * runs, one of them would go on alone for a minute when all others are done.
 */
const LONGEST: readonly string[] = [
  "src/ingest/pipeline/bundles-deleted.int.test.ts",
  "src/ingest/pipeline/waiting-plans.int.test.ts",
  "src/embedded/kafka-conformance.int.test.ts",
  "src/ingest/pipeline/stopped-plans.int.test.ts",
  "src/ingest/pipeline/bundles-mixed.int.test.ts",
  "src/ingest/source/range-reader.int.test.ts",
  "scripts/panels/panels.int.test.ts",
  "src/ingest/pipeline/ingest.int.test.ts",
  "src/operate/dead-letters/dlq.int.test.ts",
  "src/ingest/pipeline/bundles-lost.int.test.ts",
  "src/ingest/source/leaderless.int.test.ts",
  "src/ingest/pipeline/bundles.int.test.ts",
  "src/ingest/pipeline/topics.int.test.ts",
  "src/cli/demo.int.test.ts",
  "src/cli/shutdown.int.test.ts",
  "scripts/chaos.int.test.ts",
  "src/ingest/pipeline/beyond-log-end.int.test.ts",
  "src/cli/secure-servers.int.test.ts",
  "src/server/console/console.int.test.ts",
  "bench/quiet/quiet.int.test.ts",
  "src/testing/delivery-simulation/simulation.test.ts",
];

/** A lower rank begins earlier: the longest in their order, then those with servers, which wait, then those that compute. */
function rankOf(file: string): number {
  const position = LONGEST.indexOf(file);
  if (position !== -1) return position;
  return LONGEST.length + (file.endsWith(".int.test.ts") ? 0 : 1);
}

/** The order of the test files; of one rank, those come first that took longer in the run before. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    for (const file of LONGEST) {
      if (!existsSync(join(root, file))) throw new Error(`${import.meta.filename} names ${file}, which is not there`);
    }
    const ranks = new Map(files.map((spec) => [spec, rankOf(relative(root, spec.moduleId))]));
    return (await super.sort(files)).sort((a, b) => ranks.get(a)! - ranks.get(b)!);
  }
}
