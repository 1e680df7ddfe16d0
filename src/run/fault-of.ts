import { counted } from "../core/counted.ts";
import { MillraceError } from "../core/errors.ts";
import type { RunReport } from "./report.ts";
import type { Shutdown } from "./shutdown.ts";

/** E_INCOMPLETE when the run's end is not what it should be. */
export function faultOf(
  report: RunReport,
  shutdown: Pick<Shutdown, "timeoutMs" | "reason">,
): MillraceError | undefined {
  const text = whatIsIncomplete(report, shutdown);
  return text === undefined ? undefined : new MillraceError("E_INCOMPLETE", text);
}

function whatIsIncomplete(
  { missing, duplicate, stopped, left, backlog }: RunReport,
  { timeoutMs, reason }: Pick<Shutdown, "timeoutMs" | "reason">,
): string | undefined {
  if ((missing ?? 0) > 0 || (duplicate ?? 0) > 0)
    return `${counted(missing ?? 0, "record")} missing, ${duplicate} duplicated`;
  if (stopped.length > 0) {
    return stopped.map((each) => `Pipeline ${each.pipeline} was stopped: ${each.reason}`).join("\n");
  }
  if (left.ranges > 0) {
    return (
      `Not finished when it stopped (--drain-timeout is ${timeoutMs / 1000} s): ${counted(left.ranges, "range")}, ` +
      `${counted(left.records, "record")} of ${left.partitions.join(", ")}. Their offsets are not committed: the next start reads ` +
      "them again, and what of them is stored by now is not doubled"
    );
  }
  // A run that ends by itself is asked for the proof. Who stops one while a server is away knows that there is none.
  if (backlog === null && reason === undefined) {
    return "The run has ended, but Kafka and ClickHouse could not be compared";
  }
  return undefined;
}
