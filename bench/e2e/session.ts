import { MillraceError } from "../../src/core/errors.ts";
import { type RealKafka, realKafka, startRealKafka } from "../../src/testing/kafka/real-kafka.ts";
import { compareChecksums } from "./checksum.ts";
import type { BenchClickHouse } from "./clickhouse.ts";
import type { Peer } from "./peer.ts";
import { drainInRounds, type PeerSummary } from "./rounds.ts";
import type { BenchTable } from "./table.ts";
import { deleteTopic, type FilledTopic, fillTopic, type SourceDocument } from "./topic.ts";

/** A broker with its topics, for as many tables of results as are wanted. */
export interface BenchSession {
  fill(
    wish: { topic: string; partitions: number; events: number },
    next: (index: number) => SourceDocument,
  ): Promise<FilledTopic>;
  /** Drains in rounds and compares what was stored. @throws MillraceError E_INCOMPLETE when the outputs differ. */
  drain(
    peers: readonly Peer[],
    rounds: number,
    what: { topic: FilledTopic; table: BenchTable; prepare?: (clickHouse: BenchClickHouse) => Promise<void> },
  ): Promise<PeerSummary[]>;
  remove(topic: FilledTopic): Promise<void>;
  close(): Promise<void>;
}

/** Starts Apache Kafka. @throws MillraceError E_KAFKA where it cannot run. */
export async function openSession(log: (line: string) => void): Promise<BenchSession> {
  const available = await realKafka();
  if (!available.available) throw new MillraceError("E_KAFKA", `The bench needs Apache Kafka: ${available.reason}`);
  log("starting Apache Kafka");
  const kafka: RealKafka = await startRealKafka({ isLongLived: true });
  return {
    async fill(wish, next) {
      log(`filling topic ${wish.topic} with ${wish.events} records`);
      return fillTopic(kafka.brokers, wish, next);
    },
    async drain(peers, rounds, what) {
      const setup = { brokers: kafka.brokers, brokerPid: kafka.pid, log, ...what };
      const summaries = await drainInRounds(peers, rounds, setup);
      const stored = summaries.flatMap(({ peer, runs }) =>
        runs.flatMap(({ checksum }) => (checksum === undefined ? [] : [{ peer, checksum }])),
      );
      const differences = compareChecksums(what.topic.events, stored);
      if (differences.length > 0) {
        const lines = differences.join("\n  ");
        throw new MillraceError(
          "E_INCOMPLETE",
          `The peers did not store the same rows in ${what.table.name}:\n  ${lines}`,
        );
      }
      return summaries;
    },
    remove: ({ topic }) => deleteTopic(kafka.brokers, topic),
    close: () => kafka.close(),
  };
}
