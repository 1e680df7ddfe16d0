export { type KafkaAvailability, realKafka } from "./find-real-kafka.ts";
export { type RealKafka, type RealKafkaOptions, startRealKafka } from "./start-real-kafka.ts";
