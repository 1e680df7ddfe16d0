import { declareTopic, type TopicDeclaration } from "../clients/kafka/topics.ts";

/** Failures, copied by the producer; derived, so that nothing in it counts as a fact again (S0-25). */
export const errorTopic = "logs.error";
/** Producer-side dead letters (S0-24). */
export const deadLetterTopic = "logs.dlq";
/** Documents without a service (S0-26). */
export const unknownTopic = "logs.unknown";

/** The topic of a service's events. */
export function serviceTopic(service: string): string {
  return `logs.${service}`;
}

/** The built-in topics (S0-26, S0-27): partitions follow the share of the load. */
export const defaultTopics: readonly TopicDeclaration[] = [
  declareTopic(serviceTopic("auth"), 5),
  declareTopic(serviceTopic("order"), 3),
  declareTopic(serviceTopic("payment"), 2),
  declareTopic(deadLetterTopic, 1),
  declareTopic(errorTopic, 1),
  declareTopic(unknownTopic, 1),
];
