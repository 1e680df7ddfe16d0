/** Levels of arrays and maps that a MessagePack document may have; the kernel has the same bound for JSON. */
export const messagePackLevelsMax = 1_024;

/**
 * True when a value has more levels than that. The decoder recurses, and how deep it gets depends on the stack that is
 * left and on what has been compiled so far; without a bound of its own the same record could be a row today and a dead
 * letter tomorrow (https://github.com/msgpack/msgpack/blob/master/spec.md). Bytes that are no MessagePack end the walk:
 * they are the decoder's to judge.
 */
export function isNestedTooDeep(bytes: Uint8Array): boolean {
  // Each level takes a byte: most documents are too short to be looked at.
  if (bytes.length <= messagePackLevelsMax) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  /** Values that are still to come, of each level that is open. */
  const pending = new Float64Array(messagePackLevelsMax);
  let depth = 0;
  let at = 0;
  while (at < bytes.length) {
    const type = bytes[at]!;
    const values = valuesInside(view, type, at);
    if (Number.isNaN(values)) return false;
    at += sizeOf(view, type, at);
    if (values > 0) {
      if (depth === messagePackLevelsMax) return true;
      pending[depth++] = values;
      continue;
    }
    while (depth > 0 && --pending[depth - 1]! === 0) depth--;
    if (depth === 0) return false;
  }
  return false;
}

/** How many values an array or a map holds; 0 for everything else, NaN where the bytes end too early. */
function valuesInside(view: DataView, type: number, at: number): number {
  if (type >= 0x80 && type <= 0x8f) return 2 * (type & 0x0f);
  if (type >= 0x90 && type <= 0x9f) return type & 0x0f;
  if (type < 0xdc || type > 0xdf) return 0;
  const isLong = (type & 1) === 1;
  if (at + (isLong ? 5 : 3) > view.byteLength) return Number.NaN;
  const count = isLong ? view.getUint32(at + 1) : view.getUint16(at + 1);
  return type >= 0xde ? 2 * count : count;
}

/** Bytes behind the type byte, for 0xc0 … 0xdf; of what has a length of its own, those of the length. */
const fixedSizes = [0, 0, 0, 0, 1, 2, 4, 2, 3, 5, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4];

/** The bytes of a value with its type byte; of arrays and maps, those before the first value inside. */
function sizeOf(view: DataView, type: number, at: number): number {
  if (type < 0xa0 || type >= 0xe0) return 1;
  if (type < 0xc0) return 1 + (type & 0x1f);
  const size = 1 + fixedSizes[type - 0xc0]!;
  const lengthBytes = lengthBytesOf(type);
  if (lengthBytes === 0 || at + 1 + lengthBytes > view.byteLength) return size;
  if (lengthBytes === 1) return size + view.getUint8(at + 1);
  return size + (lengthBytes === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1));
}

/** bin 8 … 32, ext 8 … 32, str 8 … 32: 1, 2 or 4; 0 for everything else. */
function lengthBytesOf(type: number): number {
  if (type >= 0xc4 && type <= 0xc9) return 1 << ((type - 0xc4) % 3);
  return type >= 0xd9 && type <= 0xdb ? 1 << (type - 0xd9) : 0;
}
