/**
 * Varints of Kafka's record format (https://kafka.apache.org/protocol#protocol_types). A reader returns the value and
 * where it ends in one 64-bit number, which costs less than a second result in memory.
 *
 * No reader knows where its input ends: at most ten bytes are read, inputs have more slack than that after them, and
 * the caller refuses what ends beyond `end` (`isBeyond`).
 */

/**
 * A zigzag VARINT of at most 32 bits: `varintValue` and `varintEnd` take the result apart. The end is 0 when there are
 * more bits.
 */
@inline
export function readVarint(from: usize): u64 {
  const first = <u32>load<u8>(from);
  if (first < 0x80) return (<u64>(from + 1) << 32) | <u64>first;
  const second = <u32>load<u8>(from, 1);
  if (second < 0x80) return (<u64>(from + 2) << 32) | <u64>((first & 0x7f) | (second << 7));
  return readLongVarint(from);
}

function readLongVarint(from: usize): u64 {
  let value = <u32>(load<u8>(from) & 0x7f) | (<u32>(load<u8>(from, 1) & 0x7f) << 7);
  for (let index: u32 = 2; index < 5; index++) {
    const byte = <u32>load<u8>(from + index);
    value |= (byte & 0x7f) << (7 * index);
    if (byte >= 0x80) continue;
    if (index == 4 && byte > 0x0f) return 0;
    return (<u64>(from + index + 1) << 32) | <u64>value;
  }
  return 0;
}

@inline
export function varintValue(varint: u64): i32 {
  const value = <u32>varint;
  return <i32>(value >> 1) ^ -(<i32>(value & 1));
}

@inline
export function varintEnd(varint: u64): usize {
  return <usize>(varint >> 32);
}

/** Whether a varint's end is 0 or after `end`. */
@inline
export function isBeyond(varintEnd: usize, end: usize): bool {
  return varintEnd - 1 >= end;
}

/**
 * A zigzag VARLONG of at most ten bytes and 53 bits, as much as the reference takes (no Kafka timestamp comes near):
 * `varlongValue` and `varlongBytes` take the result apart. It is 0 when there are more of either.
 */
@inline
export function readVarlong(from: usize): u64 {
  const first = <u64>load<u8>(from);
  if (first < 0x80) return (first << 4) | 1;
  const second = <u64>load<u8>(from, 1);
  if (second < 0x80) return (((first & 0x7f) | (second << 7)) << 4) | 2;
  return readLongVarlong(from);
}

function readLongVarlong(from: usize): u64 {
  let value: u64 = 0;
  for (let index: u64 = 0; index < 10; index++) {
    const byte = <u64>load<u8>(from + <usize>index);
    const bits = byte & 0x7f;
    // Bits 49 … 52 are in the eighth byte; those after them may only be padding.
    if (index >= 7 && bits > (index == 7 ? 0x0f : 0)) return 0;
    if (index <= 7) value |= bits << (7 * index);
    if (byte < 0x80) return (value << 4) | (index + 1);
  }
  return 0;
}

@inline
export function varlongValue(varlong: u64): i64 {
  const value = varlong >> 4;
  return <i64>(value >> 1) ^ -(<i64>(value & 1));
}

@inline
export function varlongBytes(varlong: u64): usize {
  return <usize>(varlong & 15);
}
