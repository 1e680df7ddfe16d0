import { describeConformance } from "../testing/kafka/conformance.ts";
import { conformanceClients } from "../testing/kafka/conformance-clients.ts";
import { startRealKafka } from "../testing/kafka/real-kafka.ts";
import { startEmbeddedBroker } from "../testing/kafka/start-embedded-broker.ts";

// Goal: clients that nobody here wrote cannot tell the embedded broker from Apache Kafka in what they read back.
// Method: the same cases against both; Apache Kafka proves the cases, with fewer records, where it can run. The embedded
// broker gets more than the megabyte in each partition that clients fetch at once.
const clients = await conformanceClients();

describeConformance("the embedded broker", clients, 20_000, startEmbeddedBroker);
if (clients.has("java")) describeConformance("Apache Kafka", clients, 5_000, startRealKafka);
