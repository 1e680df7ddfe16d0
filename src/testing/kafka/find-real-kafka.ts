import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { MillraceError } from "../../core/errors.ts";
import { classArchiveFile } from "./class-archive.ts";
import { kafkaTestEnvironment } from "./environment.ts";
import { fetchKafkaJars, requireKafkaJars } from "./jars.ts";

const JAVA_MIN = 17;

/** Where Apache Kafka was found, or one line that says why it cannot run here. */
export type KafkaAvailability =
  | { readonly available: true; readonly java: string; readonly classpath: string; readonly classArchive: string }
  | { readonly available: false; readonly reason: string };

let found: Promise<KafkaAvailability> | undefined;

/**
 * Looks for Java 17 and for the jars of Apache Kafka: `KAFKA_HOME/libs`, or a download into the cache folder.
 *
 * Throws `E_KAFKA` with `CI` set, where a skipped test would hide a failure. The answer is kept for the process.
 */
export function realKafka(): Promise<KafkaAvailability> {
  found ??= locate();
  return found;
}

async function locate(): Promise<KafkaAvailability> {
  const environment = kafkaTestEnvironment();
  const { version, reason } = await javaVersion(environment.java);
  if (version !== undefined) {
    try {
      const { kafkaHome, cacheDir, java } = environment;
      const folder = kafkaHome === undefined ? await fetchKafkaJars(cacheDir) : join(kafkaHome, "libs");
      await requireKafkaJars(folder);
      const classpath = join(folder, "*");
      return { available: true, java, classpath, classArchive: classArchiveFile(cacheDir, version, classpath) };
    } catch (error) {
      if (environment.ci) throw error;
      return { available: false, reason: `Apache Kafka is not there: ${String(error).split("\n", 1)[0]}` };
    }
  }
  if (environment.ci) throw new MillraceError("E_KAFKA", `${reason}; CI runs the tests that need it`);
  return { available: false, reason };
}

/** What the Java program says of its version, or why it is no use. */
async function javaVersion(
  java: string,
): Promise<{ version: string; reason?: never } | { version?: never; reason: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(java, ["-version"]);
    const version = stdout + stderr;
    const major = /version "(\d+)/.exec(version)?.[1];
    if (major !== undefined && Number(major) >= JAVA_MIN) return { version };
    return { reason: `Apache Kafka needs Java ${JAVA_MIN}, and ${java} is Java ${major ?? "of an unknown version"}` };
  } catch {
    const help = "(Debian: apt-get install openjdk-17-jre-headless)";
    return { reason: `Apache Kafka needs Java ${JAVA_MIN}, and there is no ${java} ${help}` };
  }
}
