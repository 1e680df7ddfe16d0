import { readSmallInteger } from "./integer";
import {
  DECLINED,
  KIND_FALSE,
  KIND_MISSING,
  KIND_NUMBER,
  KIND_STRING,
  KIND_TRUE,
  OK,
  SLOT_END,
  SLOT_START,
} from "./layout";
import { PLAN_GROUP_FALLBACK, PLAN_GROUP_FIELD } from "./layout-plan";
import { GROUP_BYTES_MAX } from "./latency";
import { fieldEnd, fieldStart, findField } from "./path";
import { plan } from "./plan";
import { setRowGroup } from "./row";

/**
 * Notes the group that a row's latency counts for. Declined are values whose text JavaScript would print otherwise
 * (1.50, 1e3), escapes and what is longer than a group's name may be.
 */
export function findGroup(row: usize): u32 {
  const field = <usize>load<u32>(plan, PLAN_GROUP_FIELD);
  setRowGroup(row, 0, 0);
  if (field == 0) return OK;
  const kind = findField(row, field);
  const length = fieldEnd - fieldStart;
  if (kind == KIND_STRING || kind == KIND_TRUE || kind == KIND_FALSE) {
    setRowGroup(row, fieldStart, length);
    return length <= GROUP_BYTES_MAX ? OK : DECLINED;
  }
  if (kind == KIND_MISSING) {
    const fallback = <usize>load<u32>(plan, PLAN_GROUP_FALLBACK);
    const start = <usize>load<u32>(fallback, SLOT_START);
    setRowGroup(row, start, <usize>load<u32>(fallback, SLOT_END) - start);
    return OK;
  }
  if (kind != KIND_NUMBER || load<u16>(fieldStart) == 0x302d) return DECLINED;
  setRowGroup(row, fieldStart, length);
  return readSmallInteger(fieldStart, fieldEnd) == i64.MIN_VALUE ? DECLINED : OK;
}
