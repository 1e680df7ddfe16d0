import { describe, expect, it } from "vitest";
import { rowLossOf } from "./row-loss.ts";

const coordinates = ["kafka_topic", "kafka_partition", "kafka_offset"];
const key = "kafka_topic, kafka_partition, kafka_offset";

describe("rowLossOf()", () => {
  it.each([
    ["MergeTree", "id", undefined],
    ["ReplicatedMergeTree", "id", undefined],
    ["ReplacingMergeTree", "id", "merged"],
    ["ReplicatedReplacingMergeTree", "id", "merged"],
    ["SharedAggregatingMergeTree", "id", "merged"],
    ["CollapsingMergeTree", "id", "merged"],
    ["SummingMergeTree", "id", "merged"],
    ["CoalescingMergeTree", "id", "merged"],
    ["Null", "", "merged"],
    ["EmbeddedRocksDB", "", "merged"],
    ["Memory", "", undefined],
    // No two records have the same key.
    ["ReplacingMergeTree", `id, ${key}`, undefined],
    ["ReplacingMergeTree", "kafka_topic, kafka_partition, intDiv(kafka_offset, 10)", "merged"],
    ["ReplacingMergeTree", "kafka_partition, kafka_offset", "merged"],
    ["SummingMergeTree", key, "merged"],
  ])("%s ORDER BY %s: %s", (engine, sortingKey, kind) => {
    expect(rowLossOf({ engine, sortingKey, engineFull: "" }, coordinates, false)?.kind).toBe(kind);
  });

  it.each([
    ["MergeTree ORDER BY id SETTINGS index_granularity = 8192", undefined],
    ["MergeTree ORDER BY id TTL at + toIntervalDay(1) SETTINGS index_granularity = 8192", "expired"],
    ["MergeTree ORDER BY id TTL at + toIntervalDay(1)", "expired"],
    ["MergeTree ORDER BY id TTL at + toIntervalDay(1) TO VOLUME 'slow' SETTINGS x = 1", undefined],
    ["MergeTree ORDER BY id TTL at + toIntervalDay(1) RECOMPRESS CODEC(ZSTD(9, 3)) SETTINGS x = 1", undefined],
    ["MergeTree ORDER BY id TTL at + toIntervalDay(1) TO DISK 'a', at + toIntervalDay(9) SETTINGS x = 1", "expired"],
    ["MergeTree ORDER BY id TTL at + toIntervalDay(1) DELETE WHERE n IN (1, 2)", "expired"],
    ["MergeTree ORDER BY id TTL at + toIntervalDay(1) GROUP BY a, b SET n = sum(n)", "expired"],
  ])("%s: %s", (engineFull, kind) => {
    const table = { engine: "MergeTree", sortingKey: "id", engineFull };
    expect(rowLossOf(table, coordinates, false)?.kind).toBe(kind);
    expect(rowLossOf(table, coordinates, true)).toBeUndefined();
  });

  it("says why", () => {
    const table = {
      engine: "MergeTree",
      sortingKey: "id",
      engineFull: "MergeTree ORDER BY id TTL at + toIntervalDay(1)",
    };
    expect(rowLossOf(table, coordinates, false)?.why).toBe("TTL at + toIntervalDay(1) deletes rows");
    expect(rowLossOf({ ...table, engine: "ReplacingMergeTree" }, undefined, false)?.why).toBe(
      "ReplacingMergeTree keeps one row of those with the same sorting key",
    );
  });
});
