import type { CommitText } from "./bundle-book.ts";

/** Of an OffsetCommit (protocol guide of Apache Kafka 4.1): the versions that have the same partitions, as kafkajs sends them. */
const VERSION_MIN = 2;
const VERSION_MAX = 5;
/** Version 2 to 4 have a retention time before the topics. */
const RETENTION_UNTIL = 4;
const RETENTION_BYTES = 8;

/** Before the client id: api key, version, correlation id. */
const HEAD_BYTES = 8;
const GENERATION_BYTES = 4;
const OFFSET_BYTES = 8;

/**
 * The texts in an OffsetCommit request, its length prefix taken off. Partitions without a text are left out.
 *
 * @throws Error for another version: nothing would be known of the commits of that client.
 */
export function readCommitTexts(frame: Buffer): CommitText[] {
  const version = frame.readInt16BE(2);
  if (version < VERSION_MIN || version > VERSION_MAX) throw new Error(`cannot read version ${version} of OffsetCommit`);
  let at = HEAD_BYTES;

  function readText(): string {
    const length = frame.readInt16BE(at);
    at += 2 + Math.max(0, length);
    return length <= 0 ? "" : frame.toString("utf8", at - length, at);
  }

  function readCount(): number {
    at += 4;
    return frame.readInt32BE(at - 4);
  }

  readText(); // client
  readText(); // group
  at += GENERATION_BYTES;
  readText(); // member
  if (version <= RETENTION_UNTIL) at += RETENTION_BYTES;
  const texts: CommitText[] = [];
  for (let topics = readCount(); topics > 0; topics -= 1) {
    const topic = readText();
    for (let partitions = readCount(); partitions > 0; partitions -= 1) {
      const partition = readCount();
      at += OFFSET_BYTES;
      const metadata = readText();
      if (metadata !== "") texts.push({ topic, partition, metadata });
    }
  }
  return texts;
}
