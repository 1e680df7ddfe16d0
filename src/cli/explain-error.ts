import { explainClickHouseError } from "../clients/clickhouse/explain-error.ts";
import { explainKafkaError } from "../clients/kafka/explain-error.ts";
import { MillraceError } from "../core/errors.ts";

/**
 * One sentence, with what to do, for errors of Kafka's and ClickHouse's clients that a person can mend: addresses,
 * certificates, logins, rights. Undefined for any other error.
 */
export function explainError(error: unknown): string | undefined {
  if (error instanceof MillraceError) return error.message;
  // Kafka's last: it takes all connections for its own.
  return explainClickHouseError(error) ?? explainKafkaError(error);
}
