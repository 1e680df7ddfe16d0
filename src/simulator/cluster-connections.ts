import { isIP } from "node:net";
import { Connection } from "@platformatic/kafka";
import type { KafkaSecurity } from "../clients/kafka/security.ts";
import { MillraceError } from "../core/errors.ts";
import { type ClusterMetadata, fetchMetadata } from "./produce-protocol.ts";

/** Connections to the brokers of a cluster, one each, opened when first needed and again after a failure. */
export class ClusterConnections {
  metadata: ClusterMetadata = { brokers: new Map(), leaders: new Map() };
  readonly #bootstrap: string[];
  readonly #topics: string[];
  readonly #clientId: string;
  readonly #requestTimeoutMs: number;
  readonly #security: KafkaSecurity | undefined;
  readonly #byNode = new Map<number, Promise<Connection>>();
  #refreshing: Promise<void> | undefined;

  constructor(
    bootstrap: string[],
    topics: string[],
    clientId: string,
    requestTimeoutMs: number,
    security?: KafkaSecurity,
  ) {
    this.#security = security;
    this.#bootstrap = bootstrap;
    this.#topics = topics;
    this.#clientId = clientId;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  /** Reads brokers and leaders anew. Calls during one that is under way share it. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** @throws when the leader is not known or cannot be reached. */
  async toNode(nodeId: number): Promise<Connection> {
    const broker = this.metadata.brokers.get(nodeId);
    if (broker === undefined)
      throw new MillraceError("E_KAFKA", `Kafka broker ${nodeId} is not in the cluster's metadata`);
    let opening = this.#byNode.get(nodeId);
    if (opening === undefined) {
      opening = this.#open(broker.host, broker.port);
      this.#byNode.set(nodeId, opening);
    }
    try {
      const connection = await opening;
      if (connection.isConnected()) return connection;
    } catch (error) {
      this.forget(nodeId, opening);
      throw error;
    }
    this.forget(nodeId, opening);
    return this.toNode(nodeId);
  }

  /** Drops a connection that failed; the next use opens a new one. */
  forget(nodeId: number, which?: Promise<Connection>): void {
    const known = this.#byNode.get(nodeId);
    if (known === undefined || (which !== undefined && known !== which)) return;
    this.#byNode.delete(nodeId);
    known.then(closeQuietly, () => {});
  }

  async close(): Promise<void> {
    const opening = [...this.#byNode.values()];
    this.#byNode.clear();
    await Promise.all(opening.map((connection) => connection.then(closeQuietly, () => {})));
  }

  async #refresh(): Promise<void> {
    const addresses = [
      ...[...this.metadata.brokers.values()].map(({ host, port }) => ({ host, port })),
      ...this.#bootstrap.map(splitAddress),
    ];
    let lastError: unknown;
    for (const { host, port } of addresses) {
      let connection: Connection | undefined;
      try {
        connection = await this.#open(host, port);
        this.metadata = await fetchMetadata(connection, this.#topics);
        return;
      } catch (error) {
        lastError = error;
      } finally {
        if (connection !== undefined) await closeQuietly(connection);
      }
    }
    throw new MillraceError(
      "E_KAFKA",
      `no Kafka broker of ${this.#bootstrap.join(", ")} answers (${describe(lastError)}); check the addresses and that it runs`,
      { cause: lastError },
    );
  }

  async #open(host: string, port: number): Promise<Connection> {
    const connection = new Connection(this.#clientId, {
      connectTimeout: 5_000,
      requestTimeout: this.#requestTimeoutMs,
      ...securityOptions(this.#security, host),
    });
    // Requests in flight fail by themselves; without a listener the event would end the process.
    connection.on("error", () => {});
    await connection.connect(host, port);
    return connection;
  }
}

/** The library's options. The name for SNI is given by it only when asked, and must not be an IP address (RFC 6066). */
function securityOptions(security: KafkaSecurity | undefined, host: string) {
  const { tls, sasl } = security ?? {};
  const authority = tls?.ca === undefined ? {} : { ca: tls.ca };
  return {
    ...(tls === undefined ? {} : { tls: { rejectUnauthorized: true, ...authority, ...tls.own } }),
    ...(tls === undefined || isIP(host) !== 0 ? {} : { tlsServerName: host }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

async function closeQuietly(connection: Connection): Promise<void> {
  await connection.close().catch(() => {});
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

function describe(error: unknown): string {
  const cause = (error as Error).cause;
  return cause instanceof Error ? `${(error as Error).message} ${cause.message}` : (error as Error).message;
}
