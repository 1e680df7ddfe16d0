import { Kafka, type KafkaConfig, type Producer } from "kafkajs";
import type { EncodedRows } from "../codec/task.ts";
import { MillraceError } from "../core/errors.ts";
import type { TablePlan } from "../schema/plan.ts";
import { cutGroups } from "./cut-groups.ts";
import { type LetterMessage, messageOf } from "./message.ts";
import { compileRowReader } from "./row-reader.ts";

export interface DeadLetterTopicOptions {
  kafka: KafkaConfig;
  topic: string;
  /** Topics that the same process reads. */
  ownTopics: readonly string[];
  plans: readonly TablePlan[];
}

/** Dead letters as messages, beside the dead-letter table. */
export interface DeadLetterTopic {
  /** @throws MillraceError E_KAFKA when no broker answers, or there is no such topic: none is made. */
  start(): Promise<void>;
  /**
   * Sends the dead letters of a range and resolves when all brokers that keep them have acknowledged them. The rows'
   * bytes are read before the first wait.
   *
   * At-least-once: a range that is delivered again is sent again.
   *
   * @throws MillraceError E_KAFKA when the topic does not take them.
   */
  send(planKey: string, dead: EncodedRows): Promise<void>;
  stop(): Promise<void>;
}

/** Messages of one request make one batch per partition, which the broker bounds like a message. */
const REQUEST_BYTES_MAX = 900_000;

/**
 * Sends dead letters to a Kafka topic with an idempotent producer and acks=all, one JSON message each
 * (src/dead-letters/message.ts).
 *
 * @throws MillraceError E_CONFIG when the process reads the topic itself: each of its dead letters would come back as
 * another record.
 */
export function createDeadLetterTopic(options: DeadLetterTopicOptions): DeadLetterTopic {
  const { topic } = options;
  if (options.ownTopics.includes(topic)) {
    throw new MillraceError(
      "E_CONFIG",
      `Cannot send dead letters to ${topic}: a pipeline of this process reads it, so each would come back. ` +
        "Name another topic.",
    );
  }
  const readers = new Map(options.plans.map((plan) => [plan.key, compileRowReader(plan.deadLetters.columns)]));
  const kafka = new Kafka(options.kafka);
  // One request at a time: with more, kafkajs may repeat them in another order, which the broker then refuses.
  const producer: Producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });

  async function sendAll(messages: LetterMessage[]): Promise<void> {
    for (const part of cutRequests(messages)) {
      await producer.send({
        topic,
        acks: -1,
        messages: part.map(({ key, value, headers }) => ({ key, value, headers })),
      });
    }
  }

  return {
    async start() {
      const admin = kafka.admin();
      try {
        await admin.connect();
        const exists = (await admin.listTopics()).includes(topic);
        if (!exists) throw new Error("no such topic; create it, or check the name");
        await producer.connect();
      } catch (cause) {
        throw failure(topic, cause);
      } finally {
        await admin.disconnect();
      }
    },
    async send(planKey, dead) {
      if (dead.rowCount === 0) return;
      const messages = readers.get(planKey)!(dead).map(messageOf);
      await sendAll(messages).catch((cause) => {
        throw failure(topic, cause);
      });
    },
    stop: () => producer.disconnect(),
  };
}

/** Cuts messages into requests; a single one that is longer goes alone. */
export function cutRequests(messages: readonly LetterMessage[]): Generator<LetterMessage[]> {
  const max = { items: Number.POSITIVE_INFINITY, bytes: REQUEST_BYTES_MAX };
  return cutGroups(messages, ({ byteLength }) => byteLength, max);
}

function failure(topic: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("E_KAFKA", `Cannot send dead letters to the topic ${topic}: ${reason}`, { cause });
}
