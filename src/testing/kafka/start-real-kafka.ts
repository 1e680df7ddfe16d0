import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { MillraceError } from "../../core/errors.ts";
import type { Certificates } from "../certificates.ts";
import { type GuardedProcess, runGuarded, spawnGuarded, tailOf } from "./child-process.ts";
import { classArchive, useClassArchive } from "./class-archive.ts";
import { realKafka } from "./find-real-kafka.ts";
import { formatOnce } from "./formatted-folder.ts";
import { freePort } from "./free-port.ts";
import { type KafkaUsers, scramArguments, secureProperties } from "./secure-listeners.ts";

/** Formatting twice with one id is a no-op, so a kept data folder opens again. */
const CLUSTER_ID = "bWlsbHJhY2UtdGVzdHMtMQ";
const READY_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 3;
/** Writing the class archive is a second of work, many on a busy machine. */
const ARCHIVE_GRACE_MS = 60_000;
const SERVER_JVM = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC"];
/** What lives for seconds never earns back what the optimising compiler costs. */
const SHORT_LIVED = "-XX:TieredStopAtLevel=1";
export const TOOL_JVM = ["-Xmx256m", "-XX:+UseSerialGC", SHORT_LIVED];

export interface RealKafkaOptions {
  /** Keeps topics and offsets; default: a temporary folder, removed by `close()`. */
  dataDir?: string;
  /** Default: a free port. */
  port?: number;
  /** Lines of `server.properties` that are added to, or replace, the defaults of this file. */
  properties?: Record<string, string>;
  /** The server is measured, or runs for long: it gets the optimising compiler. */
  isLongLived?: boolean;
  /** Opens two more listeners, whose addresses are in `secure`. */
  secure?: { certificates: Certificates; users: KafkaUsers };
}

/** A running Apache Kafka: one process that is both broker and controller. */
export interface RealKafka {
  /** `host:port`, for clients. */
  readonly brokers: string;
  readonly port: number;
  /** With `secure`: the listener for TLS with a login, and the one for TLS with a client certificate. */
  readonly secure: { sasl: string; mutualTls: string } | undefined;
  /** Path of the Java program and the class path of Kafka's own command-line tools. */
  readonly java: string;
  readonly classpath: string;
  /** The process id, for tests that stop or kill the server. */
  readonly pid: number;
  /** Settles when the server ends without `close()`, with the tail of its log. */
  readonly failed: Promise<MillraceError>;
  close(): Promise<void>;
}

/**
 * Starts Apache Kafka (KRaft) on loopback and resolves when it answers clients, in about three seconds (the first time in eight: class-archive.ts).
 *
 * Throws `E_KAFKA` when Java or the jars are missing, when the server ends early or does not answer; the tail of its
 * log is in the message.
 */
export async function startRealKafka(options: RealKafkaOptions = {}): Promise<RealKafka> {
  const kafka = await realKafka();
  if (!kafka.available) throw new MillraceError("E_KAFKA", kafka.reason);
  const home = options.dataDir === undefined ? await mkdtemp(join(tmpdir(), "millrace-kafka-")) : undefined;
  const dataDir = resolve(options.dataDir ?? home!);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(kafka, dataDir, options, home);
    } catch (error) {
      // Between finding a free port and binding it, another process may have taken it.
      const portLost = error instanceof MillraceError && /BindException|Address already in use/.test(error.message);
      if (portLost && options.port === undefined && attempt < START_ATTEMPTS) continue;
      if (home !== undefined) await rm(home, { recursive: true, force: true });
      throw error;
    }
  }
}

async function startOnce(
  kafka: { java: string; classpath: string; classArchive: string },
  dataDir: string,
  options: RealKafkaOptions,
  home: string | undefined,
): Promise<RealKafka> {
  const port = options.port ?? (await freePort());
  await mkdir(dataDir, { recursive: true });
  const propertiesFile = join(dataDir, "server.properties");
  const stderrFile = join(dataDir, "server.log");
  await rm(stderrFile, { force: true });
  const secure = options.secure === undefined ? undefined : { sasl: await freePort(), mutualTls: await freePort() };
  const properties = serverProperties(dataDir, port, await freePort());
  if (secure !== undefined) secureProperties(properties, secure, options.secure!);
  await writeFile(propertiesFile, propertiesText({ ...properties, ...options.properties }), { mode: 0o600 });
  const java = (jvm: readonly string[], args: string[]) => [
    ...jvm,
    ...logging(dataDir),
    "-cp",
    kafka.classpath,
    ...args,
  ];
  const archive = classArchive(kafka.classArchive, dataDir);
  const logsDir = join(dataDir, "logs");
  if (!existsSync(join(logsDir, "meta.properties"))) {
    const format = async () => {
      const command = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", propertiesFile];
      const args = java(
        [...TOOL_JVM, ...useClassArchive(kafka.classArchive)],
        [...command, "--ignore-formatted", ...scramArguments(options.secure?.users)],
      );
      await runGuarded(kafka.java, args, { stderrFile, timeoutMs: READY_TIMEOUT_MS });
    };
    const template = formatTemplate(kafka.classArchive, options);
    await (template === undefined ? format() : formatOnce(template, logsDir, format));
  }
  const jvm = [...SERVER_JVM, ...(options.isLongLived ? [] : [SHORT_LIVED]), ...archive.options];
  const server = spawnGuarded(kafka.java, java(jvm, ["kafka.Kafka", propertiesFile]), { stderrFile });
  let closing = false;
  const failed = new Promise<MillraceError>((settle) => {
    server.exited.then(async ({ code, signal }) => {
      if (closing) return;
      const log = await tailOf(stderrFile, 40);
      settle(new MillraceError("E_KAFKA", `Apache Kafka ended with ${signal ?? `code ${code}`}; its log:\n${log}`));
    });
  });
  const close = async () => {
    closing = true;
    await server.stop(archive.isRecorded ? ARCHIVE_GRACE_MS : undefined);
    await archive.keep();
    if (home !== undefined) await rm(home, { recursive: true, force: true, maxRetries: 3 });
  };
  await waitUntilReady(port, failed, server, stderrFile);
  const { java: program, classpath } = kafka;
  return {
    ...{ brokers: `127.0.0.1:${port}`, port, java: program, classpath, pid: server.child.pid!, failed, close },
    secure:
      secure === undefined
        ? undefined
        : { sasl: `localhost:${secure.sasl}`, mutualTls: `127.0.0.1:${secure.mutualTls}` },
  };
}

/**
 * Where the formatted folder of servers with these options is kept; undefined for those that have users in it, and for a
 * further server of a cluster: no two may have a folder of one id.
 */
function formatTemplate(classArchive: string, { secure, properties = {} }: RealKafkaOptions): string | undefined {
  if (secure !== undefined || "node.id" in properties || "log.dirs" in properties) return undefined;
  const key = createHash("sha256").update(JSON.stringify(properties)).digest("hex").slice(0, 16);
  return `${classArchive}-formatted-${key}`;
}

async function waitUntilReady(
  port: number,
  failed: Promise<MillraceError>,
  server: GuardedProcess,
  stderrFile: string,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let ended: MillraceError | undefined;
  failed.then((error) => {
    ended = error;
  });
  while (ended === undefined) {
    if (await answers(port)) return;
    if (Date.now() > deadline) {
      await server.stop(0);
      const log = await tailOf(stderrFile, 40);
      throw new MillraceError("E_KAFKA", `Apache Kafka did not answer within ${READY_TIMEOUT_MS} ms; its log:\n${log}`);
    }
    await Promise.race([failed, new Promise((wake) => setTimeout(wake, 100))]);
  }
  throw ended;
}

/**
 * True when the broker has registered with its controller and its group coordinator has loaded. The question for
 * offsets makes Kafka create its offsets topic; without it the first group of a test meets "coordinator is loading".
 */
async function answers(port: number): Promise<boolean> {
  const retry = { retries: 0 };
  const client = { brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING, connectionTimeout: 1_000, retry };
  const admin = new Kafka(client).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    // More than one: this one joins a cluster that is there.
    if (brokers.length === 0) return false;
    await admin.fetchOffsets({ groupId: "readiness", topics: [] });
    return true;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** The level for either logger: slf4j-simple of the download, log4j2's default set-up of a `KAFKA_HOME`. */
function logging(dataDir: string): string[] {
  const level = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=info", "-Dorg.apache.logging.log4j.level=INFO"];
  return [...level, `-Dkafka.logs.dir=${dataDir}`];
}

function serverProperties(dataDir: string, port: number, controllerPort: number): Record<string, string> {
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": join(dataDir, "logs"),
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
  };
}

/** In Java's format a line break inside a value is written as an escape. */
function propertiesText(properties: Record<string, string>): string {
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value.replaceAll("\n", "\\n")}`);
  return `${lines.join("\n")}\n`;
}
