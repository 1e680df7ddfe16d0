import type { TlsFiles } from "../tls-files.ts";

export const saslMechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

export interface KafkaSasl {
  mechanism: (typeof saslMechanisms)[number];
  username: string;
  password: string;
}

/** How every Kafka client of the program connects. Undefined members: without TLS, without a login. */
export interface KafkaSecurity {
  tls: TlsFiles | undefined;
  sasl: KafkaSasl | undefined;
}
