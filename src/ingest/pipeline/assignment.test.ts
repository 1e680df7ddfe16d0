import { expect, it } from "vitest";
import { encodeIntents } from "../commit/intents.ts";
import { readAssigned, readGroup } from "./assignment.ts";
import { Failure } from "./failure.ts";

it("reads the marks of thousands of partitions within a moment: a whole group waits for it at the join", () => {
  const ids = Array.from({ length: 8 }, (_, index) => `open-bundle-${String(index).padStart(4, "0")}`);
  const listed = ids.map((id, index) => ({
    ...{ firstOffset: 10 * index, lastOffset: 10 * index + 9, judgedMs: 1_700_000_000_000 },
    bundle: { id, count: 1_000 },
  }));
  const texts = [encodeIntents(listed, []), encodeIntents([], [ids[7]!, "no-more-awaited-"])];
  const commits = Array.from({ length: 8_192 }, (_, partition) => ({
    ...{ topic: "t", partition, offset: 0, metadata: texts[partition % 2]! },
  }));
  const group = readGroup(commits);
  const begunMs = performance.now();
  const assigned = readAssigned(commits, group, "stop", undefined as never, new Failure());
  expect(performance.now() - begunMs).toBeLessThan(2_000);
  expect(assigned[8_191]).toMatchObject({ marks: [ids[7]], hasSpentMarks: true });
});
