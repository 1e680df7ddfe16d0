import type { Reader, Writer } from "@platformatic/kafka";
import type { Broker } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { validateBatch } from "../log/validate-batch.ts";
import { readArray, readBytes, readNullableString, readString, writeArray, writeInt64, writeString } from "../wire.ts";
import { type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

interface PartitionData {
  partition: number;
  records: Buffer;
}

interface PartitionResult {
  partition: number;
  error: KafkaErrorCode;
  message: string | null;
  baseOffset: number;
  startOffset: number;
}

/**
 * Produce, versions 0–8. Versions below 3 carry old message formats only and are refused per partition; they are
 * advertised because librdkafka takes a minimum above 0 to mean that compression is not supported.
 *
 * With one replica, acks 1 and −1 are the same: answered after `write()`, so what is acknowledged survives the death
 * of the process, though not a power cut.
 */
export const produce: KafkaApi = {
  key: 0,
  name: "Produce",
  versionMin: 0,
  versionMax: 8,
  flexibleFrom: NEVER_FLEXIBLE,
  handle(broker, { body, version }, response) {
    const transactionalId = version >= 3 ? readNullableString(body) : null;
    const acks = body.readInt16();
    body.readInt32(); // timeout: nothing to wait for
    const topics = readArray(body, (reader) => ({ name: readString(reader), partitions: readArray(reader, readData) }));
    const refuseAll = refusalOfRequest(acks, transactionalId);
    const results = topics.map(({ name, partitions }) => ({
      name,
      results: partitions.map((data) => refused(data, refuseAll) ?? appendTo(broker, name, data)),
    }));
    if (acks === 0) {
      // The client hears of a failure only by losing the connection, as with Kafka.
      return results.some((topic) => topic.results.some(({ error }) => error !== kafkaError.NONE)) ? "close" : "silent";
    }
    writeArray(response, results, (writer, topic) => {
      writeString(writer, topic.name);
      writeArray(writer, topic.results, (entry, result) => writeResult(entry, result, version));
    });
    if (version >= 1) response.appendInt32(0); // throttle time
    return undefined;
  },
};

function readData(reader: Reader): PartitionData {
  return { partition: reader.readInt32(), records: readBytes(reader) };
}

function refusalOfRequest(acks: number, transactionalId: string | null): KafkaErrorCode {
  if (acks < -1 || acks > 1) return kafkaError.INVALID_REQUIRED_ACKS;
  return transactionalId === null ? kafkaError.NONE : kafkaError.INVALID_REQUEST;
}

function refused({ partition }: PartitionData, error: KafkaErrorCode): PartitionResult | undefined {
  return error === kafkaError.NONE ? undefined : failure(partition, error, null);
}

function failure(partition: number, error: KafkaErrorCode, message: string | null): PartitionResult {
  return { partition, error, message, baseOffset: -1, startOffset: -1 };
}

function appendTo(broker: Broker, name: string, { partition, records }: PartitionData): PartitionResult {
  const topic = broker.topics.get(name);
  const log = topic?.partitions[partition];
  if (topic === undefined || log === undefined) return failure(partition, kafkaError.UNKNOWN_TOPIC_OR_PARTITION, null);
  const verdict = validateBatch(records, topic.messageBytesMax);
  if (verdict.error !== kafkaError.NONE) return failure(partition, verdict.error, verdict.message);
  try {
    const { error, baseOffset } = log.append(records, verdict.header, topic.segmentBytesMax);
    return { partition, error, message: null, baseOffset, startOffset: log.startOffset };
  } catch (error) {
    return failure(partition, kafkaError.KAFKA_STORAGE_ERROR, (error as Error).message);
  }
}

function writeResult(writer: Writer, result: PartitionResult, version: number): void {
  writeInt64(writer.appendInt32(result.partition).appendInt16(result.error), result.baseOffset);
  if (version >= 2) writeInt64(writer, -1); // log append time: timestamps are the producer's
  if (version >= 5) writeInt64(writer, result.startOffset);
  if (version >= 8) {
    writeArray(writer, [], () => {}); // errors of single records: there are none, batches are opaque
    writeString(writer, result.message);
  }
}
