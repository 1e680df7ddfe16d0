import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { startKafkaBroker } from "../../../embedded/kafka/server.ts";
import { freePort } from "../../../testing/kafka/free-port.ts";
import { realKafka, startRealKafka } from "../../../testing/kafka/real-kafka.ts";

/** A broker that keeps its port and its data over a restart. */
export interface TestBroker {
  readonly port: number;
  readonly isReal: boolean;
  /** Of all topics, in the broker's own layout. */
  readonly dataDir: string;
  /** Ends it, if it runs. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const real = await realKafka();
if (!real.available) console.warn(`skipped: ${real.reason}`);

/** The same cases against the embedded broker and against Apache Kafka, one after the other or both at the same time. */
export function describeEitherBroker(
  name: string,
  cases: (open: () => Promise<TestBroker>, isReal: boolean) => void,
  order: "sequential" | "concurrent" = "sequential",
): void {
  const options = { concurrent: order === "concurrent" };
  describe(`${name}, against the embedded broker`, options, () => {
    cases(() => openBroker(false, (port, dataDir) => startKafkaBroker({ port, dataDir })), false);
  });
  describe.skipIf(!real.available)(`${name}, against Apache Kafka`, options, () => {
    const open = () =>
      openBroker(true, (port, dataDir) =>
        // Compaction and retention within a test's time.
        startRealKafka({ port, dataDir, properties: { "log.cleaner.backoff.ms": "200" } }),
      );
    cases(open, true);
  });
}

async function openBroker(
  isReal: boolean,
  startAt: (port: number, dataDir: string) => Promise<{ close(): Promise<void> }>,
): Promise<TestBroker> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-either-"));
  const dataDir = join(folder, "data");
  const port = await freePort();
  let running: { close(): Promise<void> } | undefined;
  const start = async () => {
    running ??= await startAt(port, dataDir);
  };
  const stop = async () => {
    await running?.close();
    running = undefined;
  };
  await start();
  return {
    ...{ port, isReal, dataDir, start, stop },
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
