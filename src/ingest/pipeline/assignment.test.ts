import { pino } from "pino";
import { expect, it } from "vitest";
import { bundleIdOf } from "../commit/bundle-id.ts";
import { encodeIntents } from "../commit/intents.ts";
import { readAssigned, readGroup } from "./assignment.ts";
import { Failure } from "./failure.ts";
import { planRecovery } from "./recovery-plan.ts";

const ranges = [0, 1].map((partition) => ({ topic: "t", partition, firstOffset: 0, lastOffset: 9 }));
const bundle = { id: bundleIdOf(ranges, 5), count: 2 };
const [lists, marks] = ranges.map(({ topic, partition, firstOffset, lastOffset }) => ({
  ...{ topic, partition, offset: 0 },
  metadata:
    partition === 0
      ? encodeIntents([{ firstOffset, lastOffset, judgedMs: 5, bundle }])
      : encodeIntents([], [bundle.id]),
}));

it.each([
  { what: "one", own: [lists!], group: [], kinds: ["unknown"], kept: [[]] },
  {
    what: "one that lists what another has marked",
    own: [lists!, marks!],
    group: [marks!],
    kinds: ["stored"],
    kept: [[], [bundle.id]],
  },
])("knows own partitions that were not in the group's answer: $what", ({ own, group, kinds, kept }) => {
  const known = readGroup(group, own);
  const assigned = readAssigned(own, known, "stop", pino({ level: "silent" }), new Failure());
  expect(planRecovery(assigned, known, () => "p").map(({ kind }) => kind)).toEqual(kinds);
  expect(assigned.map((each) => each.marks)).toEqual(kept);
});

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
  const group = readGroup(commits, []);
  const begunMs = performance.now();
  const assigned = readAssigned(commits, group, "stop", undefined as never, new Failure());
  expect(performance.now() - begunMs).toBeLessThan(2_000);
  expect(assigned[8_191]).toMatchObject({ marks: [ids[7]], hasSpentMarks: true });
});
