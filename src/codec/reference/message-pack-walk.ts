/** Levels of arrays and maps that a MessagePack document may have; the kernel has the same bound for JSON. */
export const messagePackLevelsMax = 1_024;

/** Called for each value that holds no others, keys of maps too: `at` is its type byte, `end` what lies after it. */
export type VisitLeaf = (type: number, at: number, end: number) => void;

/**
 * Walks a value of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md). True when it has more levels
 * than allowed: the decoder recurses, and how deep it gets depends on the stack that is left and on what has been compiled
 * so far; without a bound of its own the same record could be a row today and a dead letter tomorrow. Bytes that are no
 * MessagePack end the walk: they are the decoder's to judge.
 */
export function walkMessagePack(bytes: Uint8Array, visitLeaf: VisitLeaf): boolean {
  const view = viewOf(bytes);
  /** Values that are still to come, of each level that is open. */
  const pending: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const type = bytes[at]!;
    const values = valuesInside(view, type, at);
    if (Number.isNaN(values)) return false;
    const end = at + sizeOf(view, type, at);
    if (values > 0) {
      if (pending.length === messagePackLevelsMax) return true;
      pending.push(values);
      at = end;
      continue;
    }
    if (end > bytes.length) return false;
    visitLeaf(type, at, end);
    at = end;
    while (pending.length > 0 && --pending[pending.length - 1]! === 0) pending.pop();
    if (pending.length === 0) return false;
  }
  return false;
}

/** The type byte of the value under nested keys, in MessagePack that was decoded; undefined when there is none. */
export function findType(bytes: Uint8Array, keys: string[]): number | undefined {
  const view = viewOf(bytes);
  let at: number | undefined = 0;
  for (const key of keys) {
    at = findMember(bytes, view, at, key);
    if (at === undefined) return undefined;
  }
  return bytes[at];
}

const encoder = new TextEncoder();

/** Where the value of a map's member begins. Of a key that occurs twice the last one counts, as for the decoder. */
function findMember(bytes: Uint8Array, view: DataView, map: number, key: string): number | undefined {
  const type = bytes[map]!;
  const isMap = (type >= 0x80 && type <= 0x8f) || type === 0xde || type === 0xdf;
  if (!isMap) return undefined;
  const wanted = encoder.encode(key);
  let found: number | undefined;
  let at = map + sizeOf(view, type, map);
  for (let left = valuesInside(view, type, map); left > 0; left -= 2) {
    const end = skipValue(view, at);
    const isWanted = end - at > wanted.length && endsWith(bytes.subarray(at, end), wanted) && isText(bytes[at]!);
    if (isWanted && end - at === wanted.length + headBytes(bytes[at]!)) found = end;
    at = skipValue(view, end);
  }
  return found;
}

function endsWith(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const start = bytes.length - wanted.length;
  return wanted.every((byte, index) => bytes[start + index] === byte);
}

function skipValue(view: DataView, from: number): number {
  let at = from;
  for (let left = 1; left > 0; left--) {
    const type = view.getUint8(at);
    left += valuesInside(view, type, at);
    at += sizeOf(view, type, at);
  }
  return at;
}

/** fixstr and str 8 … 32. */
export function isText(type: number): boolean {
  return (type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb);
}

/** Bytes before the text or the payload of a value: its type, its length, the type of an extension. */
export function headBytes(type: number): number {
  const isExtension = (type >= 0xc7 && type <= 0xc9) || (type >= 0xd4 && type <= 0xd8);
  return 1 + (type < 0xc0 ? 0 : lengthBytesOf(type)) + (isExtension ? 1 : 0);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
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

/** Bytes after the type byte, for 0xc0 … 0xdf; of what has a length of its own, those of the length. */
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
