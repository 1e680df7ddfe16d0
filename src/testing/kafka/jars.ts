import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import { runGuarded } from "./child-process.ts";

/** The Apache Kafka that the tests run against. */
export const KAFKA_VERSION = "4.1.0";

/** Kafka 4.1 is built against slf4j 1.7; the simple binding writes its log to standard error. */
const ARTIFACTS: readonly (readonly [group: string, artifact: string, version: string])[] = [
  ["org.apache.kafka", "kafka_2.13", KAFKA_VERSION],
  ["org.apache.kafka", "kafka-tools", KAFKA_VERSION],
  ["org.slf4j", "slf4j-simple", "1.7.36"],
];

/** The folder of jars below `cacheDir`, whether it is filled or not. */
export function jarFolder(cacheDir: string): string {
  return join(cacheDir, `kafka-${KAFKA_VERSION}`, "libs");
}

/** Throws `E_KAFKA` when `folder` does not hold a Kafka server, naming the jar that is missing. */
export async function requireKafkaJars(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  for (const wanted of [/^kafka_2\.1\d-.*\.jar$/, /^kafka-clients-.*\.jar$/, /^kafka-tools-\d.*\.jar$/]) {
    if (names.some((name) => wanted.test(name))) continue;
    const message = `${folder} holds no jar like ${wanted.source}; point KAFKA_HOME at an unpacked Apache Kafka 4`;
    throw new MillraceError("E_KAFKA", message);
  }
}

/**
 * Downloads Apache Kafka with Maven into `cacheDir`, unless it is there, and returns the folder of its jars.
 *
 * The jars are copied to a folder beside the final one and renamed when all are there: of callers that run at the
 * same time each downloads, one rename wins, and the others find the folder taken and discard their copy.
 */
export async function fetchKafkaJars(cacheDir: string, timeoutMs = 300_000): Promise<string> {
  const folder = jarFolder(cacheDir);
  if (existsSync(folder)) return folder;
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, "kafka-fetch-"));
  try {
    await mkdir(join(work, "kafka"));
    await writeFile(join(work, "pom.xml"), pom());
    const args = ["-q", "-B", "-f", join(work, "pom.xml"), "dependency:copy-dependencies"];
    const output = [`-DoutputDirectory=${join(work, "kafka", "libs")}`, "-DincludeScope=runtime"];
    await runGuarded("mvn", [...args, ...output], { stderrFile: join(work, "mvn.log"), timeoutMs });
    await requireKafkaJars(join(work, "kafka", "libs"));
    await rename(join(work, "kafka"), join(folder, "..")).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

function pom(): string {
  const dependencies = ARTIFACTS.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "<modelVersion>4.0.0</modelVersion><groupId>millrace</groupId><artifactId>kafka-for-tests</artifactId>",
    "<version>1</version><packaging>pom</packaging>",
    `<dependencies>${dependencies.join("\n")}</dependencies>`,
    "</project>",
  ].join("\n");
}
