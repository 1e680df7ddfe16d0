import type { Reader, Writer } from "@platformatic/kafka";
import type { Broker } from "../broker.ts";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import type { AppendListener, PartitionLog } from "../log/partition-log.ts";
import { readArray, readInt64, readString, writeArray, writeInt64, writeString } from "../wire.ts";
import { type ApiRequest, type KafkaApi, NEVER_FLEXIBLE } from "./api.ts";

/** Upper bound of one response whatever the client asks, Kafka's `fetch.max.bytes` of the broker. */
const RESPONSE_BYTES_MAX = 55 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);

interface WantedPartition {
  partition: number;
  offset: number;
  bytesMax: number;
}

interface FetchRequest {
  waitMsMax: number;
  bytesMin: number;
  bytesMax: number;
  sessionId: number;
  topics: { name: string; partitions: WantedPartition[] }[];
}

interface PartitionAnswer {
  partition: number;
  error: KafkaErrorCode;
  endOffset: number;
  startOffset: number;
  records: Buffer;
}

interface Answer {
  topics: { name: string; partitions: PartitionAnswer[] }[];
  bytes: number;
  hasError: boolean;
}

/**
 * Fetch, versions 4–11, with long polling. Fetch sessions are not kept: the answer names session 0, upon which
 * clients send every partition each time. A transaction never exists here, so both isolation levels read the same.
 */
export const fetch: KafkaApi = {
  key: 1,
  name: "Fetch",
  versionMin: 4,
  versionMax: 11,
  flexibleFrom: NEVER_FLEXIBLE,
  async handle(broker, request, response) {
    const wanted = readRequest(request.body, request.version);
    if (wanted.sessionId !== 0) {
      writeAnswer(response, request.version, kafkaError.FETCH_SESSION_ID_NOT_FOUND, []);
      return undefined;
    }
    let answer = readTopics(broker, wanted);
    if (answer.bytes < wanted.bytesMin && !answer.hasError && wanted.waitMsMax > 0) {
      await untilAppended(broker, wanted, wanted.bytesMin - answer.bytes, request);
      answer = readTopics(broker, wanted);
    }
    writeAnswer(response, request.version, kafkaError.NONE, answer.topics);
    return undefined;
  },
};

function readRequest(body: Reader, version: number): FetchRequest {
  body.readInt32(); // replica id
  const waitMsMax = body.readInt32();
  const bytesMin = body.readInt32();
  const bytesMax = Math.min(body.readInt32(), RESPONSE_BYTES_MAX);
  body.readInt8(); // isolation level
  const sessionId = version >= 7 ? body.readInt32() : 0;
  if (version >= 7) body.readInt32(); // session epoch
  const topics = readArray(body, (reader) => ({
    name: readString(reader),
    partitions: readArray(reader, (entry) => readWanted(entry, version)),
  }));
  return { waitMsMax, bytesMin, bytesMax, sessionId, topics };
}

function readWanted(reader: Reader, version: number): WantedPartition {
  const partition = reader.readInt32();
  if (version >= 9) reader.readInt32(); // leader epoch: there is only one
  const offset = readInt64(reader);
  if (version >= 5) reader.readInt64(); // log start offset of a follower
  return { partition, offset, bytesMax: reader.readInt32() };
}

/** Reads in the order of the request; the first partition that has data gives a batch even above the limits. */
function readTopics(broker: Broker, wanted: FetchRequest): Answer {
  const answer: Answer = { topics: [], bytes: 0, hasError: false };
  for (const { name, partitions } of wanted.topics) {
    const answers = partitions.map((entry) => {
      const read = readPartition(
        broker.topics.partition(name, entry.partition),
        entry,
        wanted.bytesMax - answer.bytes,
        answer.bytes === 0,
      );
      answer.bytes += read.records.length;
      answer.hasError ||= read.error !== kafkaError.NONE;
      return read;
    });
    answer.topics.push({ name, partitions: answers });
  }
  return answer;
}

function readPartition(
  log: PartitionLog | undefined,
  { partition, offset, bytesMax }: WantedPartition,
  bytesLeft: number,
  firstBatchAlways: boolean,
): PartitionAnswer {
  if (log === undefined) {
    return { partition, error: kafkaError.UNKNOWN_TOPIC_OR_PARTITION, endOffset: -1, startOffset: -1, records: EMPTY };
  }
  const { endOffset, startOffset } = log;
  if (offset < startOffset || offset > endOffset) {
    return { partition, error: kafkaError.OFFSET_OUT_OF_RANGE, endOffset, startOffset, records: EMPTY };
  }
  const limit = Math.min(bytesMax, bytesLeft);
  const records = limit > 0 || firstBatchAlways ? log.read(offset, Math.max(limit, 0), firstBatchAlways) : EMPTY;
  return { partition, error: kafkaError.NONE, endOffset, startOffset, records };
}

/** Resolves when `bytes` more have been appended to the wanted partitions, at the latest after the client's wait. */
function untilAppended(broker: Broker, wanted: FetchRequest, bytes: number, request: ApiRequest): Promise<void> {
  const logs: PartitionLog[] = [];
  for (const { name, partitions } of wanted.topics) {
    for (const { partition } of partitions) {
      const log = broker.topics.partition(name, partition);
      if (log !== undefined) logs.push(log);
    }
  }
  return new Promise((resolve) => {
    let missing = bytes;
    const onAppend: AppendListener = (appended) => {
      missing -= appended;
      if (missing <= 0) finish();
    };
    const finish = (): void => {
      clearTimeout(timer);
      request.closed.removeEventListener("abort", finish);
      for (const log of logs) log.offAppend(onAppend);
      resolve();
    };
    const timer = setTimeout(finish, wanted.waitMsMax);
    request.closed.addEventListener("abort", finish);
    for (const log of logs) log.onAppend(onAppend);
  });
}

function writeAnswer(response: Writer, version: number, error: KafkaErrorCode, topics: Answer["topics"]): void {
  response.appendInt32(0); // throttle time
  if (version >= 7) response.appendInt16(error).appendInt32(0); // session id
  writeArray(response, topics, (writer, topic) => {
    writeString(writer, topic.name);
    writeArray(writer, topic.partitions, (entry, answer) => writePartition(entry, answer, version));
  });
}

function writePartition(writer: Writer, answer: PartitionAnswer, version: number): void {
  writer.appendInt32(answer.partition).appendInt16(answer.error);
  writeInt64(writer, answer.endOffset); // high watermark
  writeInt64(writer, answer.endOffset); // last stable offset
  if (version >= 5) writeInt64(writer, answer.startOffset);
  writeArray(writer, null, () => {}); // aborted transactions
  if (version >= 11) writer.appendInt32(-1); // preferred read replica
  writer.appendInt32(answer.records.length);
  if (answer.records.length > 0) writer.append(answer.records);
}
