import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import { EventGenerator } from "../../src/simulator/event-generator.ts";
import { connectKafka } from "../../src/testing/ingest-servers.ts";

/**
 * Sends what the simulator does not make, and panels show: events that are ten minutes late, events whose clock is half a
 * minute ahead, events with a number as text, and events of a service, with a status code and of a user that no dimension knows.
 */
export async function sendOddEvents(brokers: string): Promise<void> {
  const generator = new EventGenerator({
    ...{ profile: readSimulatorProfile(), routes: readSimulatorRoutes(), mode: "domain" },
    ...{ seed: 1, eventId: "random", badRate: 0, badKinds: [] },
  });
  const make = (eventMs: number, change: object = {}) => {
    generator.next(eventMs);
    const document = JSON.parse(generator.bytes.toString("utf8", 0, generator.length)) as object;
    return { topic: generator.topic, messages: [{ value: JSON.stringify({ ...document, ...change }) }] };
  };
  const now = Date.now();
  const odd = Array.from({ length: 20 }, () => [
    ...[make(now - 600_000), make(now + 30_000)],
    make(now, { status_code: "503" }),
    make(now, { service: "newcomer", status_code: 299, user_id: "user_newcomer" }),
  ]);
  const kafka = await connectKafka(brokers);
  await kafka.producer.sendBatch({ topicMessages: odd.flat() }).finally(() => kafka.close());
}
