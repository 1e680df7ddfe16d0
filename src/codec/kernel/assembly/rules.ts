import { readSmallInteger } from "./integer";
import {
  DECLINED,
  KIND_ESCAPED,
  KIND_MISSING,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  OK,
  REJECT_RULE,
  SLOT_BYTES,
} from "./layout";
import {
  RULE_BYTES,
  RULE_CONDITION_COUNT,
  RULE_CONDITIONS,
  RULE_CONSTANTS,
  RULE_DEFAULT,
  RULE_FIELD,
  RULE_FIELD_SLOT,
  RULE_FLAG,
  RULE_FROM,
  RULE_FROM_COUNT,
  RULE_KIND,
  RULE_OTHER,
  RULE_REQUIRE,
  RULE_RESULT_FROM_STATUS,
  RULE_SLOT,
  RULE_STATUS_FROM_RESULT,
  RULE_VALUE,
} from "./layout-plan";
import { sameBytes } from "./bytes";
import { fieldEnd, fieldKind, fieldStart, findField } from "./path";
import { ruleCount, rules } from "./plan";
import { recordIdEnd, recordIdStart, writeRecordId } from "./record-id";
import { rowStamp, setRowOutcome, setSlot, slotEnd, slotKind, slotStart } from "./row";

/** Applies the plan's rules to the slots of a row (src/schema/plan.ts says what each does). OK, or the row's outcome. */
export function applyRules(row: usize): u32 {
  for (let index: u32 = 0; index < ruleCount; index++) {
    const outcome = applyRule(row, rules + <usize>index * RULE_BYTES);
    if (outcome == OK) continue;
    setRowOutcome(row, outcome, index);
    return outcome;
  }
  return OK;
}

@inline
function slotOf(row: usize, rule: usize, word: usize): usize {
  return row + <usize>load<u32>(rule + word);
}

@inline
function applyRule(row: usize, rule: usize): u32 {
  const kind = load<u32>(rule, RULE_KIND);
  const slot = <usize>load<u32>(rule, RULE_FIELD_SLOT);
  const isBlank = slot != 0 ? isSlotBlank(row, row + slot) : isFieldBlank(row, <usize>load<u32>(rule, RULE_FIELD));
  if (kind == RULE_STATUS_FROM_RESULT) return statusFromResult(row, rule, isBlank);
  if (!isBlank) return OK;
  if (kind == RULE_REQUIRE) return REJECT_RULE;
  if (kind == RULE_DEFAULT) return takeDefault(row, rule);
  if (kind == RULE_RESULT_FROM_STATUS) return resultFromStatus(row, rule);
  writeRecordId(row);
  setSlot(slotOf(row, rule, RULE_SLOT), KIND_STRING, recordIdStart, recordIdEnd, rowStamp(row));
  return OK;
}

@inline
function isSlotBlank(row: usize, slot: usize): bool {
  const kind = slotKind(slot, rowStamp(row));
  return kind <= <u32>KIND_NULL || (kind == KIND_STRING && slotStart(slot) == slotEnd(slot));
}

/** Absent, null and "" are one to the rules. */
@inline
function isFieldBlank(row: usize, list: usize): bool {
  const kind = findField(row, list);
  return kind <= <u32>KIND_NULL || (kind == KIND_STRING && fieldStart == fieldEnd);
}

function takeDefault(row: usize, rule: usize): u32 {
  const conditionCount = <i32>load<u32>(rule, RULE_CONDITION_COUNT);
  if (conditionCount >= 0 && findFilled(row, <usize>load<u32>(rule, RULE_CONDITIONS), conditionCount) == 0) return OK;
  const target = slotOf(row, rule, RULE_SLOT);
  if (findFilled(row, <usize>load<u32>(rule, RULE_FROM), <i32>load<u32>(rule, RULE_FROM_COUNT)) != 0) {
    setSlot(target, fieldKind, fieldStart, fieldEnd, rowStamp(row));
    return OK;
  }
  const value = <usize>load<u32>(rule, RULE_VALUE);
  if (value != 0) copyConstant(row, target, value);
  return OK;
}

/** The first of some field lists (addresses, one word each) whose field is not blank; 0 when all are. */
function findFilled(row: usize, lists: usize, count: i32): usize {
  for (let index = 0; index < count; index++) {
    const list = <usize>load<u32>(lists + <usize>index * 4);
    if (!isFieldBlank(row, list)) return list;
  }
  return 0;
}

function copyConstant(row: usize, target: usize, constant: usize): void {
  v128.store(target, v128.load(constant));
  store<u32>(target, rowStamp(row), 12);
}

function constantOf(rule: usize, index: usize): usize {
  return <usize>load<u32>(rule, RULE_CONSTANTS) + index * SLOT_BYTES;
}

function resultFromStatus(row: usize, rule: usize): u32 {
  const kind = findField(row, <usize>load<u32>(rule, RULE_OTHER));
  if (kind == KIND_ESCAPED) return DECLINED;
  if (kind != KIND_NUMBER && kind != KIND_STRING) return OK;
  const status = readSmallInteger(fieldStart, fieldEnd);
  // 4e2 and 404.5 are numbers as well, and rare; so is text of digits and more.
  if (status == i64.MIN_VALUE) return hasDigit(fieldStart, fieldEnd) ? DECLINED : OK;
  copyConstant(row, slotOf(row, rule, RULE_SLOT), constantOf(rule, status >= 400 ? 0 : 1));
  return OK;
}

function hasDigit(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) if (<u32>load<u8>(at) - 0x30 < 10) return true;
  return false;
}

function statusFromResult(row: usize, rule: usize, isBlank: bool): u32 {
  if (isBlank) {
    let constant: usize = 2;
    const kind = findField(row, <usize>load<u32>(rule, RULE_OTHER));
    if (kind == KIND_ESCAPED) return DECLINED;
    if (kind == KIND_STRING) {
      if (isConstant(constantOf(rule, 5))) constant = 0;
      else if (isConstant(constantOf(rule, 6))) constant = 1;
    }
    copyConstant(row, slotOf(row, rule, RULE_SLOT), constantOf(rule, constant));
  }
  copyConstant(row, slotOf(row, rule, RULE_FLAG), constantOf(rule, isBlank ? 3 : 4));
  return OK;
}

/** True when the field found last has the text of a constant. */
function isConstant(constant: usize): bool {
  const start = <usize>load<u32>(constant, 4);
  const length = <usize>load<u32>(constant, 8) - start;
  return fieldEnd - fieldStart == length && sameBytes(fieldStart, start, length);
}
