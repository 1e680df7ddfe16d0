import { Random } from "../../src/simulator/random.ts";

/** The document is `bytes[0 … length)`, until the next call. */
export interface DocumentSource {
  bytes: Buffer;
  length: number;
  next(eventMs: number): void;
}

/** Different texts, so that a record batch is not one text and its repeats. */
const VARIANTS = 64;
const TIME_DIGITS = 13;
const WORDS = 2_000;

/**
 * Events of exactly `recordBytes` bytes: a time, a service and a message of made-up words, which compresses about as log
 * lines do.
 */
export function sizedDocuments(recordBytes: number, seed: number): DocumentSource {
  const random = new Random(seed);
  const words = Array.from({ length: WORDS }, () => random.uint32().toString(36).slice(0, random.between(2, 7)));
  const head = '{"ts_ms":';
  const variants = Array.from({ length: VARIANTS }, () => {
    const start = `${head}${"0".repeat(TIME_DIGITS)},"service":"auth","message":"`;
    let message = "";
    while (message.length < recordBytes) message += `${words[random.between(0, WORDS - 1)]} `;
    return Buffer.from(`${start}${message.slice(0, recordBytes - start.length - 2)}"}`, "latin1");
  });
  let index = 0;
  return {
    bytes: variants[0]!,
    length: recordBytes,
    next(eventMs) {
      index = (index + 1) % VARIANTS;
      this.bytes = variants[index]!;
      this.bytes.write(String(eventMs), head.length, "latin1");
    },
  };
}
