import { type LatencyRecorder, latencyStages } from "../reference/latency.ts";
import type { Kernel } from "./kernel-exports.ts";

// As assembly/latency.ts has them: a group is its length and its bytes, a count is group × 4 + stage + 1 (0 = free), the
// number of rows, and the value.
const GROUP_BYTES = 128;
const COUNT_BYTES = 16;

const decoder = new TextDecoder();

/** Adds the kernel's counts of a task to a recorder; the work is per distinct millisecond, not per row. */
export function addLatencyCounts(kernel: Kernel, recorder: LatencyRecorder): void {
  const { exports, view, bytes } = kernel;
  const groupsStart = exports.latencyGroups();
  const groups = Array.from({ length: exports.latencyGroupCount() }, (_, index) => {
    const start = groupsStart + index * GROUP_BYTES;
    return decoder.decode(bytes.subarray(start + 4, start + 4 + view.getUint32(start, true)));
  });
  // By group, then by stage: the recorder keeps the order in which groups come, and its last group at hand.
  const found: { stage: number; at: number }[] = [];
  const countsStart = exports.latencyCounts();
  const countsEnd = countsStart + exports.latencyPlaces() * COUNT_BYTES;
  for (let at = countsStart; at < countsEnd; at += COUNT_BYTES) {
    const stage = view.getUint32(at, true);
    if (stage !== 0) found.push({ stage: stage - 1, at });
  }
  found.sort((left, right) => left.stage - right.stage);
  for (const { stage, at } of found) {
    const value = view.getInt32(at + 12, true) * 2 ** 32 + view.getUint32(at + 8, true);
    recorder.addCounts(groups[stage >> 2]!, latencyStages[stage & 3]!, value, view.getUint32(at + 4, true));
  }
}
