import type { LatencyGroup } from "../task.ts";
import {
  COUNT_BYTES,
  COUNT_KEY,
  COUNT_ROWS,
  COUNT_VALUE,
  GROUP_BYTES,
  GROUP_LENGTH,
  GROUP_NAME,
  GROUP_STAGES,
} from "./assembly/layout-result.ts";
import type { Kernel } from "./kernel-exports.ts";

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
  const lengths = new Uint32Array(groupCount * GROUP_STAGES);
  for (let at = countsStart; at < countsEnd; at += COUNT_BYTES) {
    const stage = view.getUint32(at + COUNT_KEY, true);
    if (stage !== 0) lengths[stage - 1]!++;
  }
  const pairs = Array.from(lengths, (length) => new Float64Array(length * 2));
  lengths.fill(0);
  for (let at = countsStart; at < countsEnd; at += COUNT_BYTES) {
    const stage = view.getUint32(at + COUNT_KEY, true) - 1;
    if (stage < 0) continue;
    const index = lengths[stage]!;
    pairs[stage]![index] = view.getInt32(at + COUNT_VALUE + 4, true) * 2 ** 32 + view.getUint32(at + COUNT_VALUE, true);
    pairs[stage]![index + 1] = view.getUint32(at + COUNT_ROWS, true);
    lengths[stage] = index + 2;
  }
  return Array.from({ length: groupCount }, (_, index) => {
    const start = groupsStart + index * GROUP_BYTES;
    const nameStart = start + GROUP_NAME;
    const group = decoder.decode(bytes.subarray(nameStart, nameStart + view.getUint32(start + GROUP_LENGTH, true)));
    const [produce, fetch, eventAge, recordAge] = pairs.slice(index * GROUP_STAGES) as [Pairs, Pairs, Pairs, Pairs];
    return { group, produce, fetch, eventAge, recordAge };
  });
}
