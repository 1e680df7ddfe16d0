import { writeBool } from "./bool";
import { writeDate, writeDate32 } from "./date";
import { writeDateTime, writeDateTime64 } from "./date-time";
import { writeDecimal } from "./decimal";
import { writeEnum } from "./enum";
import { decodeEscapes, hasLoneSurrogate } from "./escapes";
import { writeFact } from "./fact";
import { writeFloat32, writeFloat64 } from "./float";
import { writeInt } from "./integer";
import { writeIpv4, writeIpv6 } from "./ip";
import {
  DECLINED,
  KIND_BYTES,
  KIND_ESCAPED,
  KIND_INTEGER,
  KIND_NUMBER,
  KIND_STRING,
  NODE_TYPE,
  OK,
  TYPE_BOOL,
  TYPE_DATE,
  TYPE_DATE32,
  TYPE_DATE_TIME,
  TYPE_DATE_TIME64,
  TYPE_DECIMAL,
  TYPE_ENUM,
  TYPE_FIXED_STRING,
  TYPE_FLOAT32,
  TYPE_FLOAT64,
  TYPE_INT,
  TYPE_IPV4,
  TYPE_IPV6,
  TYPE_UUID,
} from "./layout";
import { scratchFor } from "./scratch";
import { textEnd, textStart, writeFixedString, writeIntegerText } from "./text";
import { writeUuid } from "./uuid";

/**
 * Writes a value of fixed width at `at`, where the width and 64 bytes of slack are free. RowBinary and Native have the
 * same bytes for it. Returns OK, DECLINED or a rejection.
 */
export function writeScalar(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  if (kind == KIND_INTEGER) {
    if (writeFact(node, start, end, at)) return OK;
    return writeIntegerText(start, end) == OK ? writeByType(node, KIND_NUMBER, textStart, textEnd, at) : DECLINED;
  }
  if (kind == KIND_ESCAPED && load<u8>(node) != TYPE_FIXED_STRING) {
    const decoded = scratchFor(end - start);
    if (decoded == 0) return DECLINED;
    const decodedEnd = decodeEscapes(start, end, decoded);
    return hasLoneSurrogate ? DECLINED : writeByType(node, KIND_STRING, decoded, decodedEnd, at);
  }
  return writeByType(node, kind, start, end, at);
}

function writeByType(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  const type = <u32>load<u8>(node, NODE_TYPE);
  if (kind == KIND_BYTES && type != TYPE_FIXED_STRING) return DECLINED;
  switch (type) {
    case TYPE_INT:
      return writeInt(node, kind, start, end, at);
    case TYPE_FLOAT32:
      return writeFloat32(node, kind, start, end, at);
    case TYPE_FLOAT64:
      return writeFloat64(node, kind, start, end, at);
    case TYPE_DECIMAL:
      return writeDecimal(node, kind, start, end, at);
    case TYPE_BOOL:
      return writeBool(node, kind, start, end, at);
    case TYPE_FIXED_STRING:
      return writeFixedString(node, kind, start, end, at);
    case TYPE_UUID:
      return writeUuid(node, kind, start, end, at);
    case TYPE_DATE:
      return writeDate(node, kind, start, end, at);
    case TYPE_DATE32:
      return writeDate32(node, kind, start, end, at);
    case TYPE_DATE_TIME:
      return writeDateTime(node, kind, start, end, at);
    case TYPE_DATE_TIME64:
      return writeDateTime64(node, kind, start, end, at);
    case TYPE_ENUM:
      return writeEnum(node, kind, start, end, at);
    case TYPE_IPV4:
      return writeIpv4(node, kind, start, end, at);
    case TYPE_IPV6:
      return writeIpv6(node, kind, start, end, at);
    default:
      return DECLINED;
  }
}
