import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { MillraceError } from "../../../src/core/errors.ts";
import { runGuarded } from "../../../src/testing/kafka/child-process.ts";
import { kafkaTestEnvironment } from "../../../src/testing/kafka/environment.ts";

/** The newest 3.5 whose Kafka connector is on Maven Central. PySpark and connector have to be of one version. */
export const SPARK_VERSION = "3.5.7";
/** The newest driver that is published with its dependencies relocated: its ANTLR is not the one that Spark needs. */
const JDBC_VERSION = "0.9.9";

/** What Spark 3.5 runs on, by its documentation. */
const JAVA_VERSIONS = [8, 11, 17];
const PYTHON_MINOR_MIN = 8;
/** PySpark alone is a download of 320 MB. */
const PROVISION_TIMEOUT_MS = 900_000;

/** Of these libraries PySpark brings its own copies. */
const IN_PYSPARK = ["org.apache.hadoop", "org.scala-lang", "org.lz4", "org.xerial.snappy", "org.slf4j"];

export interface Spark {
  /** The Python of the virtual environment that has PySpark. */
  python: string;
  /** Folder with the Kafka connector and the JDBC driver. */
  jars: string;
}

/** Why Spark cannot run on this machine, or undefined. Downloads nothing. */
export async function missingForSpark(): Promise<string | undefined> {
  const { java } = kafkaTestEnvironment();
  const javaText = await versionOf(java, "-version");
  const javaVersion = readJavaVersion(javaText);
  if (!JAVA_VERSIONS.includes(javaVersion)) {
    const found = javaText === "" ? `there is no ${java}` : `${java} is Java ${javaVersion}`;
    return `Spark ${SPARK_VERSION} needs Java 17 (or 11, or 8), and ${found} (Debian: openjdk-17-jre-headless)`;
  }
  if (existsSync(sparkFolder())) return undefined;
  const pythonText = await versionOf("python3", "--version");
  const [, major, minor] = /Python (\d+)\.(\d+)/.exec(pythonText) ?? [];
  if (major !== "3" || Number(minor) < PYTHON_MINOR_MIN) {
    const found = pythonText === "" ? "there is no python3" : `python3 is ${pythonText.trim()}`;
    return `PySpark ${SPARK_VERSION} needs Python 3.${PYTHON_MINOR_MIN}, and ${found}`;
  }
  if ((await versionOf("mvn", "--version")) === "") return "there is no mvn to fetch Spark's Kafka connector with";
  return undefined;
}

/** The major version in what `java -version` prints, 8 for "1.8.0_392"; NaN when there is none. */
export function readJavaVersion(text: string): number {
  return Number(/version "(?:1\.)?(\d+)/.exec(text)?.[1]);
}

/**
 * Puts PySpark into a virtual environment and the jars beside it, all below the cache folder (about 410 MB), unless they
 * are there. Filled in a folder of its own and renamed when complete, so that an interrupted download leaves nothing
 * that looks finished; of two at the same time one wins.
 *
 * @throws MillraceError E_INCOMPLETE when a download fails, with the last lines of what failed
 */
export async function provisionSpark(log: (line: string) => void): Promise<Spark> {
  const folder = sparkFolder();
  if (!existsSync(folder)) await fill(folder, log);
  return { python: join(folder, "venv", "bin", "python"), jars: join(folder, "jars") };
}

function sparkFolder(): string {
  return join(kafkaTestEnvironment().cacheDir, "spark", `${SPARK_VERSION}-jdbc-${JDBC_VERSION}`);
}

async function fill(folder: string, log: (line: string) => void): Promise<void> {
  await mkdir(join(folder, ".."), { recursive: true });
  const work = await mkdtemp(join(folder, "..", "fetch-"));
  const whole = join(work, "spark");
  const venv = join(whole, "venv");
  try {
    await mkdir(whole);
    log(`fetching Spark's Kafka connector ${SPARK_VERSION} and ClickHouse's JDBC driver ${JDBC_VERSION} with Maven`);
    await writeFile(join(work, "pom.xml"), pom());
    const maven = ["-q", "-B", "-f", join(work, "pom.xml"), "dependency:copy-dependencies"];
    await run(work, "mvn", [...maven, `-DoutputDirectory=${join(whole, "jars")}`, "-DincludeScope=runtime"]);
    log(`installing PySpark ${SPARK_VERSION} from PyPI (a download of 320 MB)`);
    await run(work, "python3", ["-m", "venv", venv]);
    const pip = ["-m", "pip", "install", "-q", "--no-cache-dir", "--disable-pip-version-check"];
    await run(work, join(venv, "bin", "python"), [...pip, `pyspark==${SPARK_VERSION}`]);
    await rename(whole, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
    log(`Spark ${SPARK_VERSION} is in ${folder}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function run(work: string, command: string, args: readonly string[]): Promise<void> {
  const options = { stderrFile: join(work, "provision.log"), timeoutMs: PROVISION_TIMEOUT_MS };
  await runGuarded(command, args, options).catch((cause: Error) => {
    const text = `Cannot fetch Spark; PyPI and Maven Central have to be reachable once. ${cause.message}`;
    throw new MillraceError("E_INCOMPLETE", text, { cause });
  });
}

/** What a program says about its version, on either stream; "" when it is not there. */
async function versionOf(program: string, option: string): Promise<string> {
  return promisify(execFile)(program, [option]).then(
    ({ stdout, stderr }) => stdout + stderr,
    () => "",
  );
}

function pom(): string {
  const exclude = (group: string) => `<exclusion><groupId>${group}</groupId><artifactId>*</artifactId></exclusion>`;
  const dependency = (artifact: string, excluded: readonly string[]) =>
    `<dependency>${artifact}<exclusions>${excluded.map(exclude).join("")}</exclusions></dependency>`;
  const connector = `<groupId>org.apache.spark</groupId><artifactId>spark-sql-kafka-0-10_2.12</artifactId><version>${SPARK_VERSION}</version>`;
  const driver = `<groupId>com.clickhouse</groupId><artifactId>clickhouse-jdbc</artifactId><version>${JDBC_VERSION}</version><classifier>all</classifier>`;
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "<modelVersion>4.0.0</modelVersion><groupId>millrace</groupId><artifactId>spark-for-benches</artifactId>",
    "<version>1</version><packaging>pom</packaging>",
    `<dependencies>${dependency(connector, IN_PYSPARK)}${dependency(driver, ["*"])}</dependencies>`,
    "</project>",
  ].join("\n");
}
