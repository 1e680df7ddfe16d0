/** Reads request bodies: decompressed, a bounded head in memory, the rest chunk by chunk. */
import type { IncomingMessage } from "node:http";
import type { Readable, Transform } from "node:stream";
import * as zlib from "node:zlib";
import { DatabaseError, databaseError } from "./database-error.ts";

export type Body = {
  /** Reads until at least `bytesMin` bytes are there or the body ends; later calls and `rest()` go on from there. */
  readHead(bytesMin: number): Promise<{ bytes: Buffer; isEnd: boolean }>;
  /** The chunks that no `readHead` returned. */
  rest(): AsyncGenerator<Buffer>;
};

function inflaterFor(encoding: string): Transform | undefined {
  switch (encoding) {
    case "":
    case "identity":
      return undefined;
    case "gzip":
    case "x-gzip":
      return zlib.createGunzip();
    case "deflate":
      return zlib.createInflate();
    case "br":
      return zlib.createBrotliDecompress();
    case "zstd":
      if (typeof zlib.createZstdDecompress === "function") return zlib.createZstdDecompress();
  }
  throw databaseError(
    "NOT_IMPLEMENTED",
    `Content-Encoding ${encoding} is not supported: send gzip, deflate, br or zstd`,
  );
}

/**
 * Opens a request's body. A body that breaks off, or does not decompress, throws from the reading call, so that no part
 * of it is ever inserted. Throws code 48 for an unknown Content-Encoding.
 */
export function openBody(request: IncomingMessage): Body {
  const inflater = inflaterFor((request.headers["content-encoding"] ?? "").toLowerCase().trim());
  let source: Readable = request;
  if (inflater !== undefined) {
    request.on("error", (error) => inflater.destroy(error));
    source = request.pipe(inflater);
  }
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let isEnd = false;

  async function nextChunk(): Promise<Buffer | undefined> {
    if (isEnd) return undefined;
    let step: IteratorResult<Buffer>;
    try {
      step = await chunks.next();
    } catch (cause) {
      if (cause instanceof DatabaseError) throw cause;
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw databaseError("ZLIB_INFLATE_FAILED", `Cannot read the request body: ${detail}`);
    }
    if (step.done) {
      isEnd = true;
      return undefined;
    }
    return step.value;
  }

  return {
    async readHead(bytesMin) {
      const parts: Buffer[] = [];
      let size = 0;
      while (size < bytesMin) {
        const chunk = await nextChunk();
        if (chunk === undefined) break;
        parts.push(chunk);
        size += chunk.length;
      }
      return { bytes: Buffer.concat(parts), isEnd };
    },
    async *rest() {
      for (let chunk = await nextChunk(); chunk !== undefined; chunk = await nextChunk()) yield chunk;
    },
  };
}
