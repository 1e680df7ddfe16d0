import { describe, expect, it } from "vitest";
import { eventsTask, factPlan } from "../../../bench/micro/events.ts";
import { loadKernelModule } from "../../../workers/kernel-module.ts";
import { column, makePlan, types } from "../testing/plan.ts";
import { makeBatch, text } from "../testing/record-batch.ts";
import { makeTaskOf } from "../testing/task.ts";
import { Randomness } from "./testing/randomness.ts";
import { emptyCounts, TranscoderPair } from "./testing/transcoder-pair.ts";

const module = loadKernelModule();
const formats = ["rows", "native"] as const;
const facts = [
  column("topic", types.Service, { source: { kind: "record", field: "topic" } }),
  column("partition", types.Int32, { source: { kind: "record", field: "partition" } }),
  column("offset", types.Int64, { source: { kind: "record", field: "offset" } }),
];

describe("kernel and reference, given several sections,", () => {
  it("need the reference for none of the events of many sections, whose block is the reference's to the last byte", () => {
    const plan = factPlan();
    const counts = emptyCounts();
    const pair = new TranscoderPair(module, plan, new Randomness(1), counts);
    const task = eventsTask(plan, 5_000, "lz4");
    // 20 batches, of which some sections have none.
    const sizes = [3, 0, 1, 7, 0, 9, 0];
    const sections = sizes.map((batchCount, partition) => ({ ...task.sections[0]!, partition, batchCount }));
    for (const format of formats) {
      const { rows } = pair.run({ ...task, format, sections }, Date.now());
      expect([...rows.sectionRows]).toEqual(sizes.map((size) => size * 250));
    }
    expect(counts).toMatchObject({ rows: 10_000, leftOver: 0, declined: 0, deadByType: {} });
  });

  it("make the same of sections in which the kernel declines records, though all have the same offsets", () => {
    const plan = makePlan({ columns: [column("a", types.Int32), column("key", types.Service), ...facts] });
    const values = (section: number) =>
      [`{"a":${section},"key":"k${section}"}`, JSON.stringify(`{"a":7,"key":"w${section}"}`), '{"a":"no"}', "{}"].map(
        text,
      );
    const parts = Array.from({ length: 40 }, (_, section) => ({
      topic: `t${section >> 2}`,
      batches: section % 5 === 3 ? [] : [makeBatch(values(section).map((value) => ({ value })))],
    }));
    const counts = emptyCounts();
    const pair = new TranscoderPair(module, plan, new Randomness(1), counts);
    for (const format of formats) {
      const task = makeTaskOf(parts, { format });
      const { rows, deadLetters } = pair.run(task);
      expect([...rows.sectionRows]).toEqual(parts.map(({ batches }) => 3 * batches.length));
      expect([...deadLetters.sectionRows]).toEqual(parts.map(({ batches }) => batches.length));
      pair.checkSections(task);
    }
    expect(counts).toMatchObject({ declined: 64, declinedRows: 64, leftOver: 128, deadByType: { field_format: 64 } });
  });
});
