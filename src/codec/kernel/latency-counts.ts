import type { LatencyGroup } from "../task.ts";
import type { Kernel } from "./kernel-exports.ts";

// As assembly/latency.ts has them: a group is its length and its bytes, a count is group × 4 + stage + 1 (0 = free), the
// number of rows, and the value.
const GROUP_BYTES = 128;
const COUNT_BYTES = 16;

/** produce, fetch, eventAge, recordAge. */
const STAGES = 4;

type Pairs = LatencyGroup["produce"];

// A group may begin with what elsewhere is a byte order mark.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The kernel's counts of a task. The work is per distinct millisecond, not per row. */
export function readLatencyGroups(kernel: Kernel): LatencyGroup[] {
  const { exports } = kernel;
  exports.settleLatency();
  const { view, bytes } = kernel;
  const groupsStart = exports.latencyGroups();
  const groupCount = exports.latencyGroupCount();
  const countsStart = exports.latencyCounts();
  const countsEnd = countsStart + exports.latencyPlaces() * COUNT_BYTES;
  const lengths = new Uint32Array(groupCount * STAGES);
  for (let at = countsStart; at < countsEnd; at += COUNT_BYTES) {
    const stage = view.getUint32(at, true);
    if (stage !== 0) lengths[stage - 1]!++;
  }
  const pairs = Array.from(lengths, (length) => new Float64Array(length * 2));
  lengths.fill(0);
  for (let at = countsStart; at < countsEnd; at += COUNT_BYTES) {
    const stage = view.getUint32(at, true) - 1;
    if (stage < 0) continue;
    const index = lengths[stage]!;
    pairs[stage]![index] = view.getInt32(at + 12, true) * 2 ** 32 + view.getUint32(at + 8, true);
    pairs[stage]![index + 1] = view.getUint32(at + 4, true);
    lengths[stage] = index + 2;
  }
  return Array.from({ length: groupCount }, (_, index) => {
    const start = groupsStart + index * GROUP_BYTES;
    const group = decoder.decode(bytes.subarray(start + 4, start + 4 + view.getUint32(start, true)));
    const [produce, fetch, eventAge, recordAge] = pairs.slice(index * STAGES) as [Pairs, Pairs, Pairs, Pairs];
    return { group, produce, fetch, eventAge, recordAge };
  });
}
