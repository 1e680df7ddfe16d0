import { causesOf } from "../../core/causes.ts";
import { explainConnection } from "../explain-connection.ts";
import { connectionErrorNames, isDenial, kafkaErrorRow, LOGIN_REFUSED } from "./classify-error.ts";

/** One sentence, with what to do, for an error that a person can mend: logins, rights, connections. */
export function explainKafkaError(error: unknown): string | undefined {
  return explainRefusal(error) ?? explainConnection(error, connectionErrorNames);
}

function explainRefusal(error: unknown): string | undefined {
  for (const { name, message, type } of causesOf(error)) {
    const row = kafkaErrorRow({ type, name });
    if (row?.reason === LOGIN_REFUSED) return `Kafka refused the login: ${row.remedy} (${message})`;
    if (type === "ILLEGAL_SASL_STATE" || name === "KafkaJSServerDoesNotSupportApiKey") {
      return (
        "This listener of Kafka takes no login: unset KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and " +
        `KAFKA_SASL_PASSWORD, or name the port of one that does (${message})`
      );
    }
    if (isDenial(type)) {
      return `Kafka: the user lacks a right; it needs Describe and Read on the topics, Read on the group (${message})`;
    }
  }
  return undefined;
}
