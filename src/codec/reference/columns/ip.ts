import type { ByteWriter } from "../../../core/byte-writer.ts";
import { rejectField, type ValueContext } from "../column.ts";
import { describe } from "./describe.ts";

/** IPv4: dotted text of four decimal numbers. RowBinary keeps it as a little-endian UInt32. */
export function writeIpv4(out: ByteWriter, value: unknown, context: ValueContext): void {
  if (typeof value !== "string") rejectField("field_type", `${describe(value, context)} for IPv4, which takes text`);
  const bytes = readIpv4(value);
  if (bytes === undefined) rejectField("field_format", `${describe(value, context)} is not an IPv4 address`);
  out.reserve(4);
  for (let i = 0; i < 4; i++) out.bytes[out.offset + i] = bytes[3 - i]!;
  out.offset += 4;
}

/** IPv6: RFC 4291 text; an IPv4 address is stored mapped, `::ffff:a.b.c.d`. RowBinary keeps it in network order. */
export function writeIpv6(out: ByteWriter, value: unknown, context: ValueContext): void {
  if (typeof value !== "string") rejectField("field_type", `${describe(value, context)} for IPv6, which takes text`);
  const groups = readIpv6(value.includes(":") ? value : `::ffff:${value}`);
  if (groups === undefined) rejectField("field_format", `${describe(value, context)} is not an IP address`);
  out.reserve(16);
  for (let i = 0; i < 8; i++) out.view.setUint16(out.offset + 2 * i, groups[i]!, false);
  out.offset += 16;
}

function readIpv4(text: string): number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function readIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = readGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? readGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  return missing >= 1 ? [...head, ...new Array<number>(missing).fill(0), ...tail] : undefined;
}

/** 16-bit groups; the last two of an address may be written as an IPv4 address. */
function readGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (endsAddress && index === parts.length - 1 && part.includes(".")) {
      const bytes = readIpv4(part);
      if (bytes === undefined) return undefined;
      groups.push(bytes[0]! * 256 + bytes[1]!, bytes[2]! * 256 + bytes[3]!);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}
