import type { SourcePatch } from "../../src/codec/kernel/testing/compile-assembly.ts";

/**
 * Ways of writing the kernel that were measured and lost: kept as changes of its source, so that they are built anew,
 * must still give the same bytes, and show their price in every run.
 */
export interface Variant {
  name: string;
  /** The formats that it concerns. */
  formats: readonly ("rows" | "native")[];
  patches: SourcePatch[];
}

const copyBody = `  v128.store(target, v128.load(source));
  if (length > 16) copyLong(target, source, length);`;

export const variants: readonly Variant[] = [
  {
    name: "memory.copy for every string",
    formats: ["rows", "native"],
    patches: [{ file: "bytes.ts", find: copyBody, replace: "  memory.copy(target, source, length);" }],
  },
  {
    name: "a byte loop for every string",
    formats: ["rows", "native"],
    patches: [
      {
        file: "bytes.ts",
        find: copyBody,
        replace: "  for (let i: usize = 0; i < length; i++) store<u8>(target + i, load<u8>(source + i));",
      },
    ],
  },
  {
    name: "keys looked up, never predicted",
    formats: ["rows"],
    patches: [
      {
        file: "keys.ts",
        find: "  const first = previous + ENTRY_SUCCESSORS;\n  if (isLiteralAt",
        replace: "  if (at != 0) return KEY_NONE;\n  const first = previous + ENTRY_SUCCESSORS;\n  if (isLiteralAt",
      },
    ],
  },
  {
    name: "the value expected to be as long as the key's last, and checked",
    formats: ["rows"],
    patches: [
      {
        file: "keys.ts",
        find: "const ENTRY_BYTES: usize = 16 + 2 * 80;",
        replace: "const ENTRY_BYTES: usize = 32 + 2 * 80;",
      },
      {
        file: "keys.ts",
        find: "const ENTRY_SUCCESSORS: usize = 16;",
        replace: "export const ENTRY_VALUE_LENGTH: usize = 16;\nconst ENTRY_SUCCESSORS: usize = 32;",
      },
      { file: "document.ts", find: "import { internKey,", replace: "import { ENTRY_VALUE_LENGTH, internKey," },
      {
        file: "document.ts",
        find:
          "    if (first == 0x22) at = readString(slot, at + 1, end);\n" +
          "    else if (first - 0x31 < 9) at = readInteger(slot, at, end);\n" +
          "    else at = readOther(slot, at, end);\n    if (at == 0) return 0;\n",
        replace:
          "    const guess = at + <usize>load<u32>(key, ENTRY_VALUE_LENGTH);\n    let next: usize = 0;\n" +
          "    if (first == 0x22) next = readString(slot, at + 1, end);\n" +
          "    else if (first - 0x31 < 9) next = readInteger(slot, at, end);\n" +
          "    else next = readOther(slot, at, end);\n    if (next == 0) return 0;\n" +
          "    if (next != guess) {\n      store<u32>(key, <u32>(next - at), ENTRY_VALUE_LENGTH);\n      at = next;\n" +
          "    } else at = guess;\n",
      },
    ],
  },
  {
    name: "the end of a string found byte by byte",
    formats: ["rows"],
    patches: [
      {
        file: "document.ts",
        find: "  const index = shortString(start);",
        replace:
          "  let index: usize = 0;\n" +
          "  while (index < 16 && load<u8>(start + index) >= 0x20 && load<u8>(start + index) < 0x7f &&\n" +
          "    load<u8>(start + index) != 0x22 && load<u8>(start + index) != 0x5c) index++;\n" +
          "  if (index < 16 && load<u8>(start + index) != 0x22) index = 16;",
      },
    ],
  },
  {
    name: "columns filled row by row (chunks of one row)",
    formats: ["native"],
    patches: [
      {
        file: "record-id.ts",
        find: "export const CHUNK_ROWS: u32 = 256;",
        replace: "export const CHUNK_ROWS: u32 = 1;",
      },
    ],
  },
  {
    name: "chunks of 32 rows",
    formats: ["native"],
    patches: [
      {
        file: "record-id.ts",
        find: "export const CHUNK_ROWS: u32 = 256;",
        replace: "export const CHUNK_ROWS: u32 = 32;",
      },
    ],
  },
];
