import type { Admin } from "kafkajs";
import { readOffsetsAt } from "../../clients/kafka/offsets-at.ts";
import { parseTimeMs } from "../../config/parse-values.ts";
import { MillraceError } from "../../core/errors.ts";
import { partitionKey } from "../../core/topic-partition.ts";

/** Where a tail begins. */
export type TailStart = { at: "beginning" } | { at: "end" } | { at: "time"; timeMs: number };

/** `end`, `beginning` (also earliest, latest), `5m` or `-5m` ago, or a time. @throws MillraceError E_CONFIG naming `--from` */
export function parseTailStart(text: string, nowMs: number): TailStart {
  if (text === "end" || text === "latest") return { at: "end" };
  if (text === "beginning" || text === "earliest") return { at: "beginning" };
  try {
    return { at: "time", timeMs: parseTimeMs("--from", text.replace(/^-(?=\d)/, ""), nowMs) };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    throw new MillraceError("E_CONFIG", `${error.message}, or beginning, or end`, { cause: error });
  }
}

/** By partition, the offset to begin with. @throws MillraceError E_CONFIG for a partition that the topic does not have */
export async function firstOffsets(
  admin: Admin,
  topic: string,
  start: TailStart,
  partitions: readonly number[] | undefined,
): Promise<Map<number, number>> {
  const bounds = await admin.fetchTopicOffsets(topic);
  const known = bounds.map(({ partition }) => partition);
  const absent = partitions?.find((partition) => !known.includes(partition));
  if (absent !== undefined) {
    throw new MillraceError(
      "E_CONFIG",
      `--partition ${absent}: ${topic} has the partitions 0 to ${Math.max(...known)}`,
    );
  }
  const byTime = start.at === "time" ? await readOffsetsAt(admin, [topic], start.timeMs) : undefined;
  const first = bounds
    .filter(({ partition }) => partitions?.includes(partition) ?? true)
    .map(({ partition, low, high }): [number, number] => {
      if (start.at === "beginning") return [partition, Number(low)];
      const found = byTime?.get(partitionKey({ topic, partition })) ?? -1;
      // -1: no record is as young as that.
      return [partition, found === -1 ? Number(high) : found];
    });
  return new Map(first);
}
