import { ByteWriter } from "../../core/byte-writer.ts";
import type { PlanColumn } from "../../schema/plan.ts";
import { HAS_ADDITIONAL_KEYS, KEYS_VERSION, NEED_UPDATE_DICTIONARY } from "../native/columns/low-cardinality.ts";
import { copyBytes } from "../native/native-column.ts";
import { writeInt64Number, writeText, writeVarUInt } from "../reference/columns/bytes.ts";
import { outputBuffer } from "../task-buffers.ts";
import type { Kernel } from "./kernel-exports.ts";
import type { KernelNode } from "./write-node.ts";

/** Names, types and counts; only a guess: the writer grows. */
const HEADER_BYTES = 4_096;

/**
 * Puts the kernel's streams together into one Native block. What stands where is said in src/codec/native: the number
 * of columns and of rows, then for each column its name, its type, its prefix and its data. The block lies in
 * `spare` when it fits.
 */
export function assembleBlock(
  kernel: Kernel,
  columns: PlanColumn[],
  nodes: KernelNode[],
  rowCount: number,
  spare: ArrayBuffer | undefined,
): Uint8Array<ArrayBuffer> {
  if (rowCount === 0) return new Uint8Array(0);
  const capacityBytes = HEADER_BYTES + nodes.reduce((sum, node) => sum + byteLength(kernel, node), 0);
  const out = new ByteWriter(capacityBytes, outputBuffer(spare, capacityBytes));
  writeVarUInt(out, columns.length);
  writeVarUInt(out, rowCount);
  for (const [index, { name, type }] of columns.entries()) {
    writeText(out, name);
    writeText(out, type.text);
    writePrefix(out, nodes[index]!);
    writeData(out, kernel, nodes[index]!);
  }
  return out.bytes.subarray(0, out.offset);
}

function byteLength(kernel: Kernel, node: KernelNode): number {
  const keys = node.dictionary === 0 ? 0 : kernel.regionBytes(kernel.exports.dictionaryKeys(node.dictionary)).length;
  const own = kernel.regionBytes(node.stream).length + keys + 32;
  return node.kind === "lowCardinality" ? own : node.parts.reduce((sum, part) => sum + byteLength(kernel, part), own);
}

function writePrefix(out: ByteWriter, node: KernelNode): void {
  if (node.kind === "lowCardinality") writeInt64Number(out, KEYS_VERSION);
  else for (const part of node.parts) writePrefix(out, part);
}

function writeData(out: ByteWriter, kernel: Kernel, node: KernelNode): void {
  const own = kernel.regionBytes(node.stream);
  if (node.kind !== "lowCardinality") {
    copyBytes(out, own, 0, own.length);
    for (const part of node.parts) writeData(out, kernel, part);
    return;
  }
  if (own.length === 0) return;
  const { exports } = kernel;
  const width = exports.indexWidth(node.dictionary);
  const keys = kernel.regionBytes(exports.dictionaryKeys(node.dictionary));
  writeInt64Number(out, Math.log2(width) | HAS_ADDITIONAL_KEYS | NEED_UPDATE_DICTIONARY);
  writeInt64Number(out, exports.dictionaryCount(node.dictionary));
  copyBytes(out, keys, 0, keys.length);
  writeInt64Number(out, own.length / width);
  copyBytes(out, own, 0, own.length);
}
