/** Reads request bodies: decompressed, a bounded head in memory, the rest chunk by chunk. */
import type { IncomingMessage } from "node:http";
import type { Readable, Transform } from "node:stream";
import * as zlib from "node:zlib";
import { DatabaseError, databaseError } from "./database-error.ts";

export type Body = {
  /** Reads until at least `bytesMin` bytes are there or the body ends; later calls and `rest()` go on from there. */
  readHead(bytesMin: number): Promise<{ bytes: Buffer; isEnd: boolean }>;
  /**
   * Hands the chunks that no `readHead` returned to `take`, until the body ends. A chunk is valid until `take` returns;
   * what `take` throws ends the reading and is thrown here.
   */
  drain(take: (chunk: Uint8Array) => void): Promise<void>;
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
 * Gives a chunk's memory back at once instead of by garbage collection. Chunks of a socket are 64 KB outside of the heap
 * each; left to the collector, every 32 MB of them cause a full collection, which cost more than reading the body did.
 */
function free(chunk: Buffer): void {
  const { buffer } = chunk;
  // A chunk that is a part of a larger buffer may share it.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) buffer.transfer(0);
}

function readFailure(cause: unknown): DatabaseError {
  if (cause instanceof DatabaseError) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return databaseError("ZLIB_INFLATE_FAILED", `Cannot read the request body: ${detail}`);
}

/**
 * Calls `take` for each chunk until it returns false or the body ends; true if it ended. The stream is paused in between
 * calls. Events rather than async iteration: that costs two promises and a generator step for each chunk.
 */
function readChunks(source: Readable, take: (chunk: Buffer) => boolean): Promise<boolean> {
  if (source.readableEnded) return Promise.resolve(true);
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const settle = (act: () => void) => {
    source.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    source.pause();
    act();
  };
  const onData = (chunk: Buffer) => {
    try {
      if (!take(chunk)) settle(() => resolve(false));
    } catch (error) {
      settle(() => reject(error));
    }
  };
  const onEnd = () => settle(() => resolve(true));
  const onError = (error: unknown) => settle(() => reject(readFailure(error)));
  const onClose = () => onError(source.errored ?? new Error("the connection closed before the end"));
  if (source.destroyed) {
    onClose();
    return promise;
  }
  source.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  source.resume();
  return promise;
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
  // Errors are read from the stream when somebody waits for it; one that comes in between must not end the process.
  source.on("error", () => {});

  return {
    async readHead(bytesMin) {
      const parts: Buffer[] = [];
      let size = 0;
      const isEnd = await readChunks(source, (chunk) => {
        parts.push(chunk);
        size += chunk.length;
        return size < bytesMin;
      });
      return { bytes: Buffer.concat(parts), isEnd };
    },
    async drain(take) {
      await readChunks(source, (chunk) => {
        take(chunk);
        if (inflater === undefined) free(chunk);
        return true;
      });
    },
  };
}
