import type { Certificates } from "../certificates.ts";

/** Passwords by user name; each user can log in with PLAIN and with both kinds of SCRAM. */
export type KafkaUsers = Record<string, string>;

/**
 * Adds two listeners to a broker's properties: SASL_SSL at `localhost` (TLS, then a login), SSL at `127.0.0.1` (TLS with
 * a client certificate that the same authority signed).
 */
export function secureProperties(
  properties: Record<string, string>,
  ports: { sasl: number; mutualTls: number },
  { certificates, users }: { certificates: Certificates; users: KafkaUsers },
): void {
  const added = `SASL_SSL://localhost:${ports.sasl},SSL://127.0.0.1:${ports.mutualTls}`;
  properties.listeners += `,${added}`;
  properties["advertised.listeners"] += `,${added}`;
  properties["listener.security.protocol.map"] += ",SASL_SSL:SASL_SSL,SSL:SSL";
  const plainUsers = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  Object.assign(properties, {
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `${loginModule("plain.Plain")} ${plainUsers.join(" ")};`,
    "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": `${loginModule("scram.Scram")};`,
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": `${loginModule("scram.Scram")};`,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.certificate.chain": certificates.server.cert,
    "ssl.keystore.key": certificates.server.key,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.certificates": certificates.ca,
    "listener.name.ssl.ssl.client.auth": "required",
  });
}

/** What `kafka-storage format` takes to make the users. */
export function scramArguments(users: KafkaUsers = {}): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((kind) => [
      "--add-scram",
      `${kind}=[name=${name},password=${password}]`,
    ]),
  );
}

function loginModule(name: string): string {
  return `org.apache.kafka.common.security.${name}LoginModule required`;
}
