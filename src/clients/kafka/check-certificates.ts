import { once } from "node:events";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { KafkaConfig } from "kafkajs";
import { MillraceError } from "../../core/errors.ts";
import { certificateFault } from "../explain-connection.ts";

const HANDSHAKE_TIMEOUT_MS = 3_000;

/**
 * Makes a TLS handshake with the first broker that answers, and ends with an error when its certificate is not trusted.
 *
 * kafkajs takes such an error for one of the network: it tries again for ten seconds and then says that it gave up. A
 * broker that does not answer is left to kafkajs, which knows how to wait.
 *
 * @throws MillraceError E_KAFKA
 */
export async function checkCertificates(config: KafkaConfig): Promise<void> {
  if (typeof config.ssl !== "object" || !Array.isArray(config.brokers)) return;
  for (const broker of config.brokers) {
    const colon = broker.lastIndexOf(":");
    const host = broker.slice(0, colon).replace(/^\[|\]$/g, "");
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ host, port: Number(broker.slice(colon + 1)), ...name, ...config.ssl });
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy(new Error("no handshake in time")));
    try {
      await once(socket, "secureConnect");
      return;
    } catch (error) {
      const fault = certificateFault(error);
      if (fault !== undefined) {
        throw new MillraceError("E_KAFKA", `Cannot connect to Kafka broker ${broker}: ${fault} (KAFKA_SSL_CA_FILE)`);
      }
    } finally {
      socket.on("error", () => {});
      socket.destroy();
    }
  }
}
