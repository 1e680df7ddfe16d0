import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, type KafkaConfig, type Producer } from "kafkajs";
import type { Logger } from "pino";
import { classifyKafkaError } from "../../clients/kafka/classify-error.ts";
import { partialAdmin } from "../../clients/kafka/partial-admin.ts";
import type { EncodedRows } from "../../codec/task.ts";
import { jitteredPauseMs } from "../../core/backoff.ts";
import { MillraceError } from "../../core/errors.ts";
import { unlessAborted } from "../../core/within.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { type LetterMessage, messageOf } from "./message.ts";
import { compileRowReader } from "./row-reader.ts";
import { splitIntoGroups } from "./split-into-groups.ts";

export interface DeadLetterTopicOptions {
  kafka: KafkaConfig;
  topic: string;
  /** Topics that the same process reads. */
  ownTopics: readonly string[];
  plans: readonly TablePlan[];
  log: Logger;
}

/** How long a range goes on trying. */
export interface SendLimits {
  /** Aborts when nobody waits any more. */
  signal: AbortSignal;
  /** Before each repeat. @throws StaleOwner when the range is somebody else's by now. */
  check(): Promise<unknown>;
}

/** Dead letters as messages, beside the dead-letter table. */
export interface DeadLetterTopic {
  /** @throws MillraceError E_KAFKA when no broker answers, or there is no such topic: none is made. */
  start(): Promise<void>;
  /**
   * Sends the dead letters of a range and resolves when all brokers that keep them have acknowledged them. The rows'
   * bytes are read before the first wait.
   *
   * At-least-once: a range that is delivered again is sent again. While brokers or topic are away it is repeated: the range
   * waits, and with it the intake.
   *
   * @throws MillraceError E_KAFKA when the topic will never take them; what `limits` throws.
   */
  send(planKey: string, deadLetters: EncodedRows, limits: SendLimits): Promise<void>;
  stop(): Promise<void>;
}

/** Messages of one request make one batch per partition, which the broker bounds like a message. */
const REQUEST_BYTES_MAX = 900_000;

/** kafkajs' own repeats within one attempt: few, so that the end of a run is heeded soon. */
const REQUEST_RETRIES = 2;
const PAUSES = { firstMs: 500, maxMs: 10_000 };

/**
 * Sends dead letters to a Kafka topic with an idempotent producer and acks=all, one JSON message each
 * (src/ingest/dead-letters/message.ts).
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
  let producer = createProducer(kafka);
  let isStopped = false;

  async function sendOnce(request: LetterMessage[]): Promise<void> {
    const messages = request.map(({ key, value, headers }) => ({ key, value, headers }));
    const own = producer;
    try {
      await own.connect();
      await own.send({ topic, acks: -1, messages });
    } catch (error) {
      // What the brokers know of its numbers is not known any more: another one begins anew. Another range may have done so.
      if (producer === own) {
        producer = createProducer(kafka);
        await own.disconnect().catch(() => {});
      }
      throw error;
    }
  }

  async function sendUntilTaken(request: LetterMessage[], { signal, check }: SendLimits): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      const pauseMs = jitteredPauseMs(failures, PAUSES);
      try {
        return await unlessAborted(sendOnce(request), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (classifyKafkaError(error).class === "fatal") throw failure(topic, error);
        options.log.warn(
          { err: error, topic },
          `dead letters cannot be sent, next try in ${pauseMs} ms; their range waits`,
        );
      }
      await unlessAborted(sleep(pauseMs), signal);
      await unlessAborted(check(), signal);
    }
  }

  return {
    async start() {
      const admin = partialAdmin(new Kafka(options.kafka));
      try {
        await admin.connect();
        const exists = (await admin.listTopics()).includes(topic);
        if (!exists) throw new Error("no such topic; create it, or check the name");
        await producer.connect();
        // Stopped while it connected: the connection came after the end.
        if (isStopped) await producer.disconnect();
      } catch (cause) {
        throw failure(topic, cause);
      } finally {
        await admin.disconnect();
      }
    },
    async send(planKey, deadLetters, limits) {
      if (deadLetters.rowCount === 0) return;
      const messages = readers.get(planKey)!(deadLetters).map(messageOf);
      for (const request of splitIntoRequests(messages)) await sendUntilTaken(request, limits);
    },
    stop() {
      isStopped = true;
      return producer.disconnect();
    },
  };
}

/** One request at a time: with more, kafkajs may repeat them in another order, which the broker then refuses. */
function createProducer(kafka: Kafka): Producer {
  return kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: { retries: REQUEST_RETRIES },
  });
}

/** Cuts messages into requests; a single one that is longer goes alone. */
export function splitIntoRequests(messages: readonly LetterMessage[]): Generator<LetterMessage[]> {
  const max = { items: Number.POSITIVE_INFINITY, bytes: REQUEST_BYTES_MAX };
  return splitIntoGroups(messages, ({ byteLength }) => byteLength, max);
}

function failure(topic: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const { class: errorClass, remedy } = classifyKafkaError(cause);
  const advice = errorClass === "fatal" ? `; ${remedy}` : "";
  return new MillraceError("E_KAFKA", `Cannot send dead letters to the topic ${topic}: ${reason}${advice}`, { cause });
}
