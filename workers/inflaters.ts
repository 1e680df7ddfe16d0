import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Inflaters } from "../src/codec/inflate/inflate.ts";

/** gzip and zstd from node:zlib, which Node 24 and Deno 2 both have; a batch's output is bounded by zlib itself. */
export const nodeInflaters: Inflaters = {
  gunzip: (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: maxBytes }),
  unzstd: (bytes, maxBytes) => zstdDecompressSync(bytes, { maxOutputLength: maxBytes }),
};
