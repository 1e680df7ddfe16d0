import { ClickHouseError } from "@clickhouse/client";
import { MillraceError } from "../core/errors.ts";
import { fileFaults } from "../core/file-error.ts";

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
  for (const { code, message } of chain(error)) {
    const known = certificateCodes.get(String(code)) ?? certificateTexts.find(([text]) => text.test(message))?.[1];
    if (known !== undefined) return known;
  }
  return undefined;
}

/**
 * One sentence, with what to do, for errors of Kafka's and ClickHouse's clients that a person can mend: addresses,
 * certificates, logins, rights. Undefined for any other error.
 */
export function explainError(error: unknown): string | undefined {
  if (error instanceof MillraceError) return error.message;
  return explainClickHouse(error) ?? explainForeign(error) ?? explainKafka(error) ?? explainConnection(error);
}

const webPage = /<(?:!doctype|html|head|\?xml)[\s\S]*$/i;

/** The same text without the web page that a client has put into it. */
export function withoutWebPage(text: string): string {
  return text.replace(webPage, "a web page");
}

/** Something answers, and it is not ClickHouse. */
function explainForeign(error: unknown): string | undefined {
  const advice = "check CLICKHOUSE_URL: ClickHouse's HTTP interface has port 8123, or 8443 with https";
  for (const { name, message, code } of chain(error)) {
    if (webPage.test(message) || /^Unexpected token '<'/.test(message)) {
      const title = /<title>([^<]{1,80})/i.exec(message)?.[1];
      return `What answers is no ClickHouse but a web server${title === undefined ? "" : ` ("${title}")`}; ${advice}`;
    }
    // src/clients/clickhouse/answer.ts, which has taken the page for its text.
    if (message.startsWith("the answer is not ClickHouse's")) return `${message}; ${advice}`;
    if (/There is no handle/.test(message)) {
      return (
        "ClickHouse knows no such path: leave the path of CLICKHOUSE_URL away. It is that of a proxy, never a " +
        "database; tables are named with theirs"
      );
    }
    if (/is for clickhouse-client program/.test(message) || /^HPE_/.test(String(code))) {
      return `What answers does not speak HTTP; ${advice}`;
    }
    if (message === "socket hang up") return `The other side closed the connection without an answer; ${advice}`;
    // A redirect, as the client reports it.
    if (name === "Error" && message === "")
      return `What answers gives an error without a text, such as a redirect; ${advice}`;
  }
  return undefined;
}

/** Error codes of ClickHouse (src/Common/ErrorCodes.cpp). */
function explainClickHouse(error: unknown): string | undefined {
  const found = chain(error).find((cause) => cause instanceof ClickHouseError);
  if (found === undefined) return undefined;
  const message = found.message.split("\n", 1)[0]!;
  switch (String(found.code)) {
    case "192":
    case "193":
    case "194":
    case "516":
      return `ClickHouse refused the login: check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD (${message})`;
    case "497":
      return `ClickHouse: the user lacks a right; sql/access has the users with what they need (${message})`;
    default:
      return undefined;
  }
}

function explainKafka(error: unknown): string | undefined {
  for (const { name, message, type } of chain(error)) {
    if (name === "KafkaJSSASLAuthenticationError" || type === "SASL_AUTHENTICATION_FAILED") {
      const advice = "check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD";
      return `Kafka refused the login: ${advice} (${message})`;
    }
    if (type === "ILLEGAL_SASL_STATE" || name === "KafkaJSServerDoesNotSupportApiKey") {
      return (
        "This listener of Kafka takes no login: unset KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and " +
        `KAFKA_SASL_PASSWORD, or name the port of one that does (${message})`
      );
    }
    if (/_AUTHORIZATION_FAILED$/.test(type ?? "")) {
      return `Kafka: the user lacks a right; it needs Describe and Read on the topics, Read on the group (${message})`;
    }
  }
  return undefined;
}

function explainConnection(error: unknown): string | undefined {
  const fault = certificateFault(error);
  if (fault !== undefined) return `Cannot connect: ${fault} (KAFKA_SSL_CA_FILE, CLICKHOUSE_CA_FILE)`;
  for (const { name, code, message, broker, syscall, path } of chain(error)) {
    const fileFault = path === undefined ? undefined : fileFaults[String(code)];
    if (fileFault !== undefined) return `Cannot ${syscall} ${path}: ${fileFault}`;
    const where = broker === undefined ? "" : ` to Kafka broker ${broker}`;
    if (/wrong version number|packet length too long|InvalidContentType|before secure TLS connection/i.test(message)) {
      return `Cannot connect${where}: the other side does not speak TLS; KAFKA_SSL and https:// belong to its TLS port (${message})`;
    }
    if (/alert (?:number|certificate|bad certificate|unknown ca)|ALERT_/i.test(`${message} ${code}`)) {
      return `Cannot connect${where}: the server refused the client's certificate (…_CERT_FILE, …_KEY_FILE) (${message})`;
    }
    if (name === "KafkaJSConnectionError" || name === "KafkaJSConnectionClosedError") {
      return `Cannot connect${where}: ${message}. Check the address, that it runs, and whether it wants KAFKA_SSL and a login`;
    }
    if (code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "ETIMEDOUT") {
      return `Cannot connect: ${message}. Check KAFKA_BROKERS, CLICKHOUSE_URL, and that the servers run`;
    }
  }
  return undefined;
}

interface Cause {
  name: string;
  message: string;
  code?: unknown;
  type?: string;
  broker?: string;
  syscall?: string;
  path?: string;
}

/** The error, its causes, and the members of aggregates, outermost first; at most 16 of them. */
function chain(error: unknown): Cause[] {
  const found: Error[] = [];
  const open: unknown[] = [error];
  while (open.length > 0 && found.length < 16) {
    const next = open.shift();
    if (!(next instanceof Error) || found.includes(next)) continue;
    found.push(next);
    if (next instanceof AggregateError) open.push(...next.errors);
    open.push(next.cause);
  }
  return found;
}
