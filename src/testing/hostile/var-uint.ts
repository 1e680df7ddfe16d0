/** Reads the unsigned LEB128 at the cursor, and moves past it. Not the codec's reader: that one is what is judged here. */
export function readVarUInt(cursor: { bytes: Uint8Array; offset: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = cursor.bytes[cursor.offset++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}
