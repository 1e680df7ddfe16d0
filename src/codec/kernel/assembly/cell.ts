import { KIND_BYTES, KIND_INTEGER, KIND_MISSING, KIND_NULL, KIND_STRING, SLOT_END, SLOT_KIND, SLOT_START } from "./layout";
import {
  COLUMN_FACT,
  COLUMN_FACT_NODE,
  COLUMN_FIELD,
  COLUMN_IS_NULLABLE,
  COLUMN_MISSING,
  COLUMN_MISSING_OPERAND,
  COLUMN_NODE,
  COLUMN_PLACEHOLDER_NODE,
  FACT_KEY,
  FACT_NONE,
  FACT_OFFSET,
  FACT_PARTITION,
  FACT_PROCESSED,
  FACT_RAW,
  FACT_RECEIVED,
  FACT_TIMESTAMP,
  FACT_TOPIC,
  MISSING_DECLINED,
  MISSING_FACT,
  MISSING_REJECT,
  MISSING_TABLE_DEFAULT,
  MISSING_VALUE,
  PLAN_PARTITION,
  PLAN_RECEIVED_MS,
  PLAN_STARTED_MS,
  PLAN_TOPIC_END,
  PLAN_TOPIC_START,
} from "./layout-plan";
import { fieldEnd, fieldKind, fieldStart, findField, isFieldBlocked } from "./path";
import { isPlaceholder } from "./placeholder";
import { plan } from "./plan";
import { rowKeyEnd, rowKeyStart, rowOffset, rowTimestampMs, rowValueEnd, rowValueStart } from "./row";

/** What a cell gets: a value, the type's own default, the table's DEFAULT, or nothing, which rejects the row. */
export const CELL_VALUE: u32 = 0;
/** A value that the plan gives; converting it counts as no coercion. */
export const CELL_CONSTANT: u32 = 1;
export const CELL_TYPE_DEFAULT: u32 = 2;
export const CELL_TABLE_DEFAULT: u32 = 3;
export const CELL_REJECTED: u32 = 4;
const CELL_DECLINED: u32 = 5;

/** The value of the cell that was found last, and the node that writes it. */
export let cellNode: usize = 0;
export let cellKind: u32 = 0;
export let cellStart: usize = 0;
export let cellEnd: usize = 0;
/** Kafka's time stands in for a field that the document lacks. */
export let isRecordTime: bool = false;

/** Finds a column's value for a row. */
@inline
export function findCell(row: usize, column: usize): u32 {
  isRecordTime = false;
  const fact = load<u32>(column, COLUMN_FACT);
  if (fact == FACT_NONE) {
    cellNode = <usize>load<u32>(column, COLUMN_NODE);
    cellKind = findField(row, <usize>load<u32>(column, COLUMN_FIELD));
    cellStart = fieldStart;
    cellEnd = fieldEnd;
    const time = <usize>load<u32>(column, COLUMN_PLACEHOLDER_NODE);
    if (time != 0 && isPlaceholder(time, cellKind, cellStart, cellEnd)) cellKind = KIND_NULL;
  } else {
    cellNode = <usize>load<u32>(column, COLUMN_FACT_NODE);
    findFact(row, fact);
  }
  if (cellKind > <u32>KIND_NULL) return CELL_VALUE;
  if (cellKind == KIND_MISSING && fact == FACT_NONE && isFieldBlocked) return CELL_DECLINED;
  return cellKind == KIND_NULL && load<u32>(column, COLUMN_IS_NULLABLE) != 0 ? CELL_VALUE : findMissing(row, column);
}

function findMissing(row: usize, column: usize): u32 {
  const missing = load<u32>(column, COLUMN_MISSING);
  const operand = load<u32>(column, COLUMN_MISSING_OPERAND);
  cellNode = <usize>load<u32>(column, COLUMN_NODE);
  switch (missing) {
    case MISSING_VALUE:
      cellKind = load<u32>(<usize>operand, SLOT_KIND);
      cellStart = <usize>load<u32>(<usize>operand, SLOT_START);
      cellEnd = <usize>load<u32>(<usize>operand, SLOT_END);
      return CELL_CONSTANT;
    case MISSING_FACT:
      findFact(row, operand);
      isRecordTime = operand == FACT_TIMESTAMP;
      if (cellKind == KIND_NULL && load<u32>(column, COLUMN_IS_NULLABLE) == 0) return CELL_TYPE_DEFAULT;
      cellNode = <usize>load<u32>(column, COLUMN_FACT_NODE);
      return CELL_CONSTANT;
    case MISSING_TABLE_DEFAULT:
      return CELL_TABLE_DEFAULT;
    case MISSING_REJECT:
      return CELL_REJECTED;
    case MISSING_DECLINED:
      return CELL_DECLINED;
    default:
      return CELL_TYPE_DEFAULT;
  }
}

function findFact(row: usize, fact: u32): void {
  switch (fact) {
    case FACT_TOPIC:
      cellKind = KIND_STRING;
      cellStart = <usize>load<u32>(plan, PLAN_TOPIC_START);
      cellEnd = <usize>load<u32>(plan, PLAN_TOPIC_END);
      return;
    case FACT_PARTITION:
      setInteger(load<i64>(plan, PLAN_PARTITION));
      return;
    case FACT_OFFSET:
      setInteger(rowOffset(row));
      return;
    case FACT_TIMESTAMP:
      setInteger(rowTimestampMs(row));
      return;
    case FACT_RECEIVED:
      setInteger(load<i64>(plan, PLAN_RECEIVED_MS));
      return;
    case FACT_PROCESSED:
      setInteger(load<i64>(plan, PLAN_STARTED_MS));
      return;
    case FACT_KEY:
      cellKind = rowKeyStart(row) == 0 ? KIND_NULL : KIND_BYTES;
      cellStart = rowKeyStart(row);
      cellEnd = rowKeyEnd(row);
      return;
    case FACT_RAW:
      cellKind = KIND_BYTES;
      cellStart = rowValueStart(row);
      cellEnd = rowValueEnd(row);
      return;
    default:
      cellKind = KIND_MISSING;
  }
}

function setInteger(value: i64): void {
  cellKind = KIND_INTEGER;
  cellStart = <usize>(value & 0xffffffff);
  cellEnd = <usize>(value >> 32);
}
