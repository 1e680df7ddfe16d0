import { expect, it } from "vitest";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { COMMIT_BYTES_MAX, partitionBytes } from "../commit/commit-size.ts";
import { commitBegun } from "./commit-begun.ts";

it("commits thousands of partitions with the longest names in requests that a coordinator takes, each once", async () => {
  const topic = "t".repeat(249);
  const begun = Array.from({ length: 10_000 }, (_, partition) => ({ topic, partition, offset: 7, metadata: "" }));
  const sent: CommitOffset[][] = [];
  const unknown = await commitBegun(begun, async (offsets) => {
    sent.push(offsets);
    return offsets.filter(({ partition }) => partition % 3_333 === 0);
  });
  expect(sent.flat()).toEqual(begun);
  for (const offsets of sent) {
    const bytes = offsets.reduce((sum, at) => sum + partitionBytes(at, at.metadata.length), 0);
    expect(bytes).toBeLessThanOrEqual(COMMIT_BYTES_MAX);
  }
  expect(unknown.map(({ partition }) => partition)).toEqual([0, 3_333, 6_666, 9_999]);
  expect(await commitBegun([], () => Promise.reject(new Error("nothing to say")))).toEqual([]);
});
