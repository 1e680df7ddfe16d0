import { timeMsAt } from "./date-time";
import { OK, REJECT_EVENT_TIME_RANGE, TYPE_NULLABLE } from "./layout";
import { COLUMN_IS_EVENT_TIME, COLUMN_IS_HORIZON, COLUMN_NODE, PLAN_HORIZON_AHEAD_MS, PLAN_HORIZON_BACK_MS, PLAN_JUDGED_MS } from "./layout-plan";
import { innerOf, typeOf } from "./node";
import { plan } from "./plan";
import { NO_TIME, setRowEventMs, setRowIsKafkaTime } from "./row";

/**
 * Notes the event time of a row from the bytes that were stored for it, and holds it against the lateness horizon.
 * `valueAt` 0: the value is NULL.
 */
export function noteTime(row: usize, column: usize, valueAt: usize, isRecordTime: bool): u32 {
  let node = <usize>load<u32>(column, COLUMN_NODE);
  while (typeOf(node) >= <u32>TYPE_NULLABLE) node = innerOf(node);
  const timeMs = valueAt == 0 ? NO_TIME : timeMsAt(node, valueAt);
  if (load<u32>(column, COLUMN_IS_EVENT_TIME) != 0) {
    setRowEventMs(row, timeMs);
    if (isRecordTime) setRowIsKafkaTime(row);
  }
  if (load<u32>(column, COLUMN_IS_HORIZON) == 0 || timeMs == NO_TIME) return OK;
  const aheadMs = timeMs - load<i64>(plan, PLAN_JUDGED_MS);
  const isOutside = aheadMs < -load<i64>(plan, PLAN_HORIZON_BACK_MS) || aheadMs > load<i64>(plan, PLAN_HORIZON_AHEAD_MS);
  return isOutside ? REJECT_EVENT_TIME_RANGE : OK;
}
