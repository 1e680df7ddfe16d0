import { causesOf } from "../core/causes.ts";
import { fileFaults } from "../core/file-error.ts";
import { isConnectFailure } from "./connection-codes.ts";

/** Codes of node:tls and OpenSSL for a certificate that is not trusted (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const certificateCodes = new Map([
  ["SELF_SIGNED_CERT_IN_CHAIN", "the server's certificate is signed by an authority that is not known here"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "the server's certificate is signed by itself and not known here"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "the server's certificate is signed by an authority that is not known here"],
  ["UNABLE_TO_GET_ISSUER_CERT", "the server's certificate is signed by an authority that is not known here"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "the server's certificate is signed by an authority that is not known here"],
  ["CERT_SIGNATURE_FAILURE", "the server's certificate is not signed by the authority that is named here"],
  ["CERT_HAS_EXPIRED", "the server's certificate has expired"],
  ["INVALID_PURPOSE", "the server's certificate is not one for servers"],
  ["CERT_NOT_YET_VALID", "the server's certificate is not valid yet: check the clocks"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "the server's certificate is for another name than the address that is used here"],
]);

/** What Deno says instead of a code. */
const certificateTexts: [RegExp, string][] = [
  [/UnknownIssuer|BadSignature/, "the server's certificate is signed by an authority that is not known here"],
  [/NotValidForName/, "the server's certificate is for another name than the address that is used here"],
  [/certificate:? ?\(?Expired/i, "the server's certificate has expired"],
];

/** One sentence when the error, or what caused it, is a certificate that is not trusted. */
export function certificateFault(error: unknown): string | undefined {
  for (const { code, message } of causesOf(error)) {
    const known = certificateCodes.get(String(code)) ?? certificateTexts.find(([text]) => text.test(message))?.[1];
    if (known !== undefined) return known;
  }
  return undefined;
}

/**
 * One sentence for a connection that there was not: certificates, TLS, addresses, files.
 *
 * @param names of errors of the client's own that say so
 */
export function explainConnection(error: unknown, names: ReadonlySet<string> = new Set()): string | undefined {
  const fault = certificateFault(error);
  if (fault !== undefined) return `Cannot connect: ${fault} (KAFKA_SSL_CA_FILE, CLICKHOUSE_CA_FILE)`;
  for (const { name, code, message, broker, syscall, path } of causesOf(error)) {
    const fileFault = path === undefined ? undefined : fileFaults[String(code)];
    if (fileFault !== undefined) return `Cannot ${syscall} ${path}: ${fileFault}`;
    const where = broker === undefined ? "" : ` to Kafka broker ${broker}`;
    if (/wrong version number|packet length too long|InvalidContentType|before secure TLS connection/i.test(message)) {
      return `Cannot connect${where}: the other side does not speak TLS; KAFKA_SSL and https:// belong to its TLS port (${message})`;
    }
    if (/alert (?:number|certificate|bad certificate|unknown ca)|ALERT_/i.test(`${message} ${code}`)) {
      return `Cannot connect${where}: the server refused the client's certificate (…_CERT_FILE, …_KEY_FILE) (${message})`;
    }
    if (names.has(name)) {
      return `Cannot connect${where}: ${message}. Check the address, that it runs, and whether it wants KAFKA_SSL and a login`;
    }
    if (isConnectFailure(code)) {
      return `Cannot connect: ${message}. Check KAFKA_BROKERS, CLICKHOUSE_URL, and that the servers run`;
    }
  }
  return undefined;
}
