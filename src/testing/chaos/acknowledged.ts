import type { SimulatorReport } from "../../run/simulator-report.ts";
import type { LogBounds } from "./oracle.ts";

/**
 * What the broker acknowledged and its log does not have, or has given twice: one line each. The log is the truth for
 * the ingesters; this judges the broker.
 */
export function judgeAcknowledged(partitions: SimulatorReport["partitions"], logs: LogBounds[]): string[] {
  const findings: string[] = [];
  for (const { topic, partition, ranges } of partitions) {
    const log = logs.find((bounds) => bounds.topic === topic && bounds.partition === partition);
    if (log === undefined) continue; // a topic that no pipeline reads
    const sorted = ranges.toSorted(([a], [b]) => a - b);
    for (const [index, [first, last]] of sorted.entries()) {
      const before = sorted[index - 1];
      if (before !== undefined && before[1] >= first) {
        findings.push(`${topic}:${partition}: offsets ${first}–${Math.min(last, before[1])} were acknowledged twice`);
      }
      if (first < log.first || last >= log.end) {
        findings.push(
          `${topic}:${partition}: offsets ${first}–${last} were acknowledged, the log has ${log.first}–${log.end - 1}`,
        );
      }
    }
  }
  return findings;
}
