import { type AddressInfo, createServer, type Socket } from "node:net";
import { MillraceError } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import { lockDirectory } from "../../run/directory-lock.ts";
import { type ListenOptions, listenOn } from "../listen.ts";
import type { Broker } from "./broker.ts";
import { serveConnection } from "./connection.ts";
import { GroupCoordinator } from "./group/coordinator.ts";
import { loadClusterId } from "./storage/cluster-id.ts";
import { ProducerIds } from "./storage/producer-ids.ts";
import { TopicStore } from "./topic/topic-store.ts";

export interface KafkaBrokerOptions extends ListenOptions {
  /** Address to listen on; default 127.0.0.1. There is no authentication, so any but loopback is refused. */
  host?: string;
  /** Folder for topics and groups; created when missing, held by one broker at a time. */
  dataDir: string;
  /** Partitions of a topic that is created without a count; default 1. */
  defaultPartitions?: number;
  /** Whether asking for an unknown topic creates it; default true. */
  autoCreateTopics?: boolean;
}

export interface KafkaBroker {
  readonly port: number;
  /** Closes the port, all connections and all files. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";

/**
 * Starts the embedded Kafka: a single-node broker **for demos and tests only**. It speaks the Kafka protocol to
 * kafkajs, librdkafka and the Java clients, and keeps record batches as the opaque bytes that producers sent.
 *
 * What it does not do: replication, retention (the disk fills up), compaction, transactions, authentication, TLS,
 * quotas, fsync. Acknowledged data survives the death of the process, not a power cut.
 *
 * @throws MillraceError E_CONFIG when `host` is not loopback; E_DATA_DIR_HELD when another broker uses `dataDir`; E_EMBEDDED when the port is taken or the
 * data is damaged
 */
export async function startKafkaBroker(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  if (!isLoopback(options.host ?? LOOPBACK)) {
    throw new MillraceError(
      "E_CONFIG",
      `The embedded Kafka cannot listen on ${options.host}: it has no login and no TLS, so it serves this machine alone`,
    );
  }
  const releaseLock = lockDirectory(options.dataDir);
  try {
    return await openAndListen(options, releaseLock);
  } catch (error) {
    releaseLock();
    throw error;
  }
}

async function openAndListen(options: KafkaBrokerOptions, releaseLock: () => void): Promise<KafkaBroker> {
  const { dataDir, host = LOOPBACK, defaultPartitions = 1, autoCreateTopics = true } = options;
  const topics = new TopicStore(dataDir);
  const groups = new GroupCoordinator(dataDir);
  const producerIds = new ProducerIds(dataDir);
  const broker: Broker = {
    ...{ clusterId: loadClusterId(dataDir), topics, groups, producerIds },
    ...{ defaultPartitions, autoCreateTopics },
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveConnection(broker, socket, { host, port: (server.address() as AddressInfo).port });
  });
  const closeFiles = (): void => {
    groups.close();
    topics.close();
  };
  let port: number;
  try {
    port = await listenOn(server, options, host, "Kafka");
  } catch (error) {
    closeFiles();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    closeFiles();
    releaseLock();
  };
  return { port, close: () => (closing ??= close()) };
}
