/**
 * What is longer than it should be, with its lines, rounded up to tens. The lists only shrink: nothing may grow beyond its
 * entry, what was cut gets a lower one, and what is short enough loses it. New code gets no entry here: split it instead.
 */
export const longFiles: Record<string, number> = {
  "src/cli/operations.int.test.ts": 270,
  "src/clients/clickhouse/insert-errors.ts": 330,
  "src/codec/kernel/assembly/json.ts": 290,
  "src/codec/kernel/testing/value-generator.ts": 260,
  "src/codec/kernel/times.test.ts": 260,
  "src/codec/reference/columns/compile.test.ts": 270,
  "src/codec/reference/columns/testing/oracle-values.ts": 510,
  "src/codec/testing/transcoder-suite.ts": 410,
  "src/config/environment.test.ts": 260,
  "src/embedded/kafka/broker.int.test.ts": 270,
  "src/embedded/kafka/group/group.ts": 350,
  "src/ingest/sink/held-clocks.int.test.ts": 280,
  "src/ingest/source/membership.int.test.ts": 440,
  "src/operate/dead-letters/replay.int.test.ts": 290,
  "src/operate/doctor/doctor.int.test.ts": 260,
  "src/operate/doctor/judges.test.ts": 330,
  "src/operate/migrations/migrated-views.int.test.ts": 310,
  "src/operate/reconcile/reconcile.int.test.ts": 280,
  "src/simulator/batch-producer.ts": 290,
  "src/simulator/simulator.int.test.ts": 300,
  "src/simulator/simulator.ts": 290,
};

/** By file and function; one within others has their names before its own. */
export const longFunctions: Record<string, number> = {
  "bench/latency/replay-producer.ts replay": 80,
  "bench/latency/step.ts runStep": 80,
  "src/codec/kernel/assembly/write-row.ts writeCells": 80,
  "src/codec/testing/bad-input-suite.ts badInputSuite": 200,
  "src/codec/testing/field-suite.ts fieldSuite": 180,
  "src/codec/testing/lateness-suite.ts latenessSuite": 110,
  "src/codec/testing/message-pack-suite.ts messagePackSuite": 100,
  "src/codec/testing/transcoder-suite.ts transcoderSuite": 390,
  "src/embedded/clickhouse/slots.ts createSlots": 80,
  "src/embedded/clickhouse/spool.ts openSpool": 100,
  "src/ingest/dead-letters/topic.ts createDeadLetterTopic": 80,
  "src/ingest/dispatch/dispatcher.ts createDispatcher": 90,
  "src/ingest/sink/insert-piece.ts createPieceInserter": 140,
  "src/ingest/sink/sink.ts createSink": 100,
  "src/ingest/source/consumer-source.ts createSource": 100,
  "src/ingest/source/epochs.int.test.ts suite": 140,
  "src/ingest/source/raw-kafkajs.int.test.ts the record batch seam against Apache Kafka > leaves aborted transactions out and passes control batches on, so that every offset can be committed": 80,
  "src/ingest/source/testing/tapped-sockets.ts tapSockets": 110,
  "src/operate/reconcile/reconciliation-timer.ts startReconciliation": 130,
  "src/testing/chaos/ingester-slot.ts openSlot": 110,
  "src/testing/chaos/insert-proxy.ts startInsertProxy": 180,
  "src/testing/kafka/conformance.ts describeConformance": 100,
};
