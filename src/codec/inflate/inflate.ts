import {
  COMPRESSION_GZIP,
  COMPRESSION_LZ4,
  COMPRESSION_NONE,
  COMPRESSION_SNAPPY,
  COMPRESSION_ZSTD,
  compressionNames,
} from "../../core/record-batch-header.ts";
import { CodecError } from "../codec-error.ts";
import { inflateLz4Frames } from "./lz4.ts";
import { inflateSnappy } from "./snappy.ts";

/**
 * Codecs that the runtime has natively and this folder may not import; workers/inflaters.ts supplies node:zlib's.
 * Each throws when the input is bad or would grow beyond `maxBytes`.
 */
export interface Inflaters {
  gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array;
  unzstd(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/** What the records of one batch may grow to: far above any broker's message.max.bytes, far below a worker's memory. */
export const INFLATED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Inflates the records of a batch. `codecId` is the low three bits of the batch's attributes
 * (https://kafka.apache.org/documentation/#recordbatch). Without compression the input itself is returned.
 *
 * @throws CodecError on an unknown codec, bad input, or more than `maxBytes` of output.
 */
export function inflate(
  codecId: number,
  bytes: Uint8Array,
  inflaters: Inflaters,
  maxBytes = INFLATED_BYTES_MAX,
): Uint8Array {
  try {
    switch (codecId) {
      case COMPRESSION_NONE:
        return bytes;
      case COMPRESSION_GZIP:
        return inflaters.gunzip(bytes, maxBytes);
      case COMPRESSION_SNAPPY:
        return inflateSnappy(bytes, maxBytes);
      case COMPRESSION_LZ4:
        return inflateLz4Frames(bytes, maxBytes);
      case COMPRESSION_ZSTD:
        return inflaters.unzstd(bytes, maxBytes);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CodecError(`cannot inflate ${bytes.length} bytes of ${compressionNames[codecId]}: ${reason}`, {
      cause: error,
    });
  }
  throw new CodecError(`unknown compression codec ${codecId}; known are 0 to 4: ${compressionNames.join(", ")}`);
}
