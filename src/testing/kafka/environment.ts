import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** What the Kafka of the tests takes from the environment; read here and nowhere else. */
export interface KafkaTestEnvironment {
  /** An unpacked Apache Kafka, used instead of a download. */
  readonly kafkaHome: string | undefined;
  /** Folder that keeps the downloaded jars. */
  readonly cacheDir: string;
  /** The Java program. */
  readonly java: string;
  /** In CI a missing prerequisite is a failure; elsewhere the tests that need it are skipped. */
  readonly ci: boolean;
}

/** Reads `KAFKA_HOME`, `MILLRACE_CACHE_DIR` (default `.cache` of the project), `JAVA_HOME` and `CI`. */
export function kafkaTestEnvironment(env: NodeJS.ProcessEnv = process.env): KafkaTestEnvironment {
  const project = resolve(import.meta.dirname, "../../..");
  const cache = env.MILLRACE_CACHE_DIR?.replace(/^~(?=\/)/, homedir());
  return {
    kafkaHome: env.KAFKA_HOME ? resolve(env.KAFKA_HOME) : undefined,
    cacheDir: cache ? resolve(cache) : join(project, ".cache"),
    java: env.JAVA_HOME ? join(env.JAVA_HOME, "bin", "java") : "java",
    ci: env.CI !== undefined && env.CI !== "" && env.CI !== "false" && env.CI !== "0",
  };
}
