import { crc32c } from "@platformatic/kafka";
import { BATCH_HEADER_BYTES, BATCH_MAGIC, CRC_COVERS_FROM, MAGIC_AT } from "../../../core/record-batch-header.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { type BatchHeader, readBatchHeader } from "./batch-header.ts";

/** Either the header of a sound batch, or why it is refused. */
export type BatchVerdict = { error: 0; header: BatchHeader } | { error: Exclude<KafkaErrorCode, 0>; message: string };

/**
 * Checks the records field of one partition of a Produce request as Kafka's `LogValidator` does for magic 2: exactly
 * one batch, sound CRC, offsets that match the record count, neither control nor transactional.
 *
 * @param records the field's bytes, not null
 * @param messageBytesMax the topic's `max.message.bytes`
 */
export function validateBatch(records: Buffer, messageBytesMax: number): BatchVerdict {
  if (records.length > MAGIC_AT && records.readInt8(MAGIC_AT) < BATCH_MAGIC) {
    return refuse(kafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT, "only record batches of magic 2 are stored");
  }
  if (records.length < BATCH_HEADER_BYTES) {
    return refuse(kafkaError.CORRUPT_MESSAGE, "the batch is shorter than its header");
  }
  const header = readBatchHeader(records, 0);
  if (header.sizeBytes < BATCH_HEADER_BYTES || header.sizeBytes > records.length) {
    return refuse(kafkaError.CORRUPT_MESSAGE, "the batch length does not fit the bytes sent");
  }
  if (header.sizeBytes < records.length) {
    return refuse(kafkaError.INVALID_RECORD, "exactly one record batch per partition is allowed");
  }
  if (header.magic !== BATCH_MAGIC) {
    return refuse(kafkaError.CORRUPT_MESSAGE, `unknown magic ${header.magic}`);
  }
  if (header.sizeBytes > messageBytesMax) {
    return refuse(
      kafkaError.MESSAGE_TOO_LARGE,
      `the batch has ${header.sizeBytes} bytes, allowed are ${messageBytesMax}`,
    );
  }
  if (crc32c(records.subarray(CRC_COVERS_FROM)) !== header.crc) {
    return refuse(kafkaError.CORRUPT_MESSAGE, "the CRC-32C does not match");
  }
  if (header.recordsCount <= 0 || header.lastOffsetDelta !== header.recordsCount - 1) {
    return refuse(kafkaError.INVALID_RECORD, "the last offset delta does not match the record count");
  }
  if (header.isControl || header.isTransactional) {
    return refuse(kafkaError.INVALID_RECORD, "transactions are not supported by the embedded broker");
  }
  return { error: kafkaError.NONE, header };
}

function refuse(error: Exclude<KafkaErrorCode, 0>, message: string): BatchVerdict {
  return { error, message };
}
