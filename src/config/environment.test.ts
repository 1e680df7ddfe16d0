import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redact } from "../core/redact.ts";
import { type Certificates, hasOpenssl, makeCertificates } from "../testing/certificates.ts";
import { parseBrokers, readEnvironment, refuseHalfASetUp, refuseSecretsForEmbedded } from "./environment.ts";
import { refuseSecretArguments } from "./secrets.ts";

const password = "pass-wort-98765";
const scram = { KAFKA_SASL_MECHANISM: "scram-sha-512", KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD: password };
const withCertificates = hasOpenssl();
let folder: string;
let certificates: Certificates;
let file: (name: string, text: string, mode?: number) => string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-environment-"));
  if (withCertificates) certificates = await makeCertificates(folder);
  file = (name, text, mode = 0o600) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusal(env: Record<string, string>): string {
  try {
    readEnvironment(env);
  } catch (error) {
    expect(error).toMatchObject({ code: "E_CONFIG" });
    return (error as Error).message;
  }
  throw new Error(`was not refused: ${Object.keys(env)}`);
}

describe("Kafka's login", () => {
  it("takes the mechanism in any case, and the password from the environment or a file", () => {
    expect(readEnvironment(scram).kafkaSecurity).toEqual({
      tls: undefined,
      sasl: { mechanism: "SCRAM-SHA-512", username: "u", password },
    });
    const { KAFKA_SASL_PASSWORD: _, ...rest } = scram;
    const fromFile = readEnvironment({ ...rest, KAFKA_SASL_PASSWORD_FILE: file("kafka", `${password}\n`) });
    expect(fromFile.kafkaSecurity.sasl?.password).toBe(password);
    expect(fromFile.warnings).toEqual([]);
  });

  it("is hidden from then on", () => {
    readEnvironment(scram);
    expect(redact(`x ${password} x`)).toBe("x [redacted] x");
  });

  it.each([
    ["no mechanism", { KAFKA_SASL_MECHANISM: undefined }, "KAFKA_SASL_USERNAME is set and KAFKA_SASL_MECHANISM is not"],
    ["another mechanism", { KAFKA_SASL_MECHANISM: "GSSAPI" }, "must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"],
    ["no user", { KAFKA_SASL_USERNAME: undefined }, "KAFKA_SASL_USERNAME is not"],
    ["no password", { KAFKA_SASL_PASSWORD: undefined }, "neither KAFKA_SASL_PASSWORD nor KAFKA_SASL_PASSWORD_FILE"],
    ["an empty password", { KAFKA_SASL_PASSWORD: "" }, "KAFKA_SASL_PASSWORD is empty"],
    ["two lines", { KAFKA_SASL_PASSWORD: `${password}\nmore` }, "must be the secret alone"],
    ["both sources", { KAFKA_SASL_PASSWORD_FILE: "/dev/null" }, "are both set"],
  ])("is refused with %s, and the password not shown", (_name, change, message) => {
    const env = Object.fromEntries(Object.entries({ ...scram, ...change }).filter(([, value]) => value !== undefined));
    expect(refusal(env as Record<string, string>)).toContain(message);
    expect(refusal(env as Record<string, string>)).not.toContain(password);
  });

  it("warns of a password that crosses the network as it is, and of one that is too short to hide", () => {
    expect(readEnvironment({ ...scram, KAFKA_SASL_MECHANISM: "PLAIN" }).warnings.join()).toContain("plain text");
    expect(readEnvironment({ ...scram, KAFKA_SASL_PASSWORD: "abc" }).warnings.join()).toContain("can be guessed");
  });
});

describe("secret files", () => {
  it.each([
    ["missing", () => join(folder, "absent"), "does not exist"],
    ["a folder", () => folder, "is not a file"],
    ["too large", () => file("large", "x".repeat(1024 * 1024 + 1)), "at most 1048576 are read"],
    ["empty", () => file("empty", "\n"), "is empty"],
  ])("are refused when %s, naming the variable and the file", (_name, path, message) => {
    const text = refusal({ CLICKHOUSE_PASSWORD_FILE: path() });
    expect(text).toContain("CLICKHOUSE_PASSWORD_FILE");
    expect(text).toContain(path());
    expect(text).toContain(message);
  });

  it.skipIf(process.getuid?.() === 0)("are refused when this user may not read them", () => {
    expect(refusal({ CLICKHOUSE_PASSWORD_FILE: file("closed", password, 0o000) })).toContain("this user may not");
  });

  it("are a warning when everybody can read them", () => {
    const { warnings } = readEnvironment({ CLICKHOUSE_PASSWORD_FILE: file("open", password, 0o644) });
    expect(warnings.join()).toMatch(/CLICKHOUSE_PASSWORD_FILE: .*open can be read by every user/);
  });
});

describe.skipIf(!withCertificates)("TLS", () => {
  const tls = () => ({ KAFKA_SSL: "true", KAFKA_SSL_CA_FILE: certificates.files.ca });

  it("reads the authority, and a client certificate whose key may have a passphrase", () => {
    const own = { KAFKA_SSL_CERT_FILE: certificates.files.clientCert };
    const open = readEnvironment({ ...tls(), ...own, KAFKA_SSL_KEY_FILE: certificates.files.clientKey });
    const encrypted = readEnvironment({
      ...{ ...tls(), ...own, KAFKA_SSL_KEY_FILE: certificates.files.encryptedKey },
      KAFKA_SSL_KEY_PASSPHRASE_FILE: file("passphrase", certificates.passphrase),
    });
    expect(open.kafkaSecurity.tls?.ca).toContain("BEGIN CERTIFICATE");
    expect(encrypted.kafkaSecurity.tls?.own?.key).toBe(open.kafkaSecurity.tls?.own?.key);
    expect(redact(open.kafkaSecurity.tls!.own!.key)).toContain("[redacted]");
  });

  it.each([
    ["is no boolean", () => ({ KAFKA_SSL: "yes" }), 'KAFKA_SSL: "yes" must be true or false'],
    ["is off and a file is set", () => ({ ...tls(), KAFKA_SSL: "false" }), "KAFKA_SSL is not true"],
    [
      "has no key",
      () => ({ ...tls(), KAFKA_SSL_CERT_FILE: certificates.files.clientCert }),
      "KAFKA_SSL_KEY_FILE is not",
    ],
    ["has text for an authority", () => ({ ...tls(), KAFKA_SSL_CA_FILE: file("ca", "x") }), "holds no PEM certificate"],
    [
      "has a damaged authority",
      () => ({
        ...tls(),
        KAFKA_SSL_CA_FILE: file("bad", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
      }),
      "cannot be read",
    ],
    [
      "has another certificate's key",
      () => ({
        ...{ ...tls(), KAFKA_SSL_CERT_FILE: certificates.files.clientCert },
        KAFKA_SSL_KEY_FILE: certificates.files.serverKey,
      }),
      "is not the key of",
    ],
    [
      "has an encrypted key without passphrase",
      () => ({
        ...{ ...tls(), KAFKA_SSL_CERT_FILE: certificates.files.clientCert },
        KAFKA_SSL_KEY_FILE: certificates.files.encryptedKey,
      }),
      "is encrypted: set KAFKA_SSL_KEY_PASSPHRASE_FILE",
    ],
    [
      "has a wrong passphrase",
      () => ({
        ...{ ...tls(), KAFKA_SSL_CERT_FILE: certificates.files.clientCert },
        ...{ KAFKA_SSL_KEY_FILE: certificates.files.encryptedKey, KAFKA_SSL_KEY_PASSPHRASE: "wrong one" },
      }),
      "or KAFKA_SSL_KEY_PASSPHRASE is wrong",
    ],
    ["is not verified", () => ({ ...tls(), NODE_TLS_REJECT_UNAUTHORIZED: "0" }), "certificates are always verified"],
  ])("is refused when it %s", (_name, env, message) => expect(refusal(env())).toContain(message));

  it("for ClickHouse needs https, and a certificate excludes a password", () => {
    const files = { CLICKHOUSE_CA_FILE: certificates.files.ca };
    expect(refusal({ ...files, CLICKHOUSE_URL: "http://h:8123" })).toContain("does not begin with https://");
    const own = {
      ...{ ...files, CLICKHOUSE_URL: "https://h:8443", CLICKHOUSE_CERT_FILE: certificates.files.clientCert },
      CLICKHOUSE_KEY_FILE: certificates.files.clientKey,
    };
    expect(readEnvironment(own).clickHouseTls?.own).toBeDefined();
    expect(refusal({ ...own, CLICKHOUSE_PASSWORD: password })).toContain("by one of them");
  });
});

describe("addresses", () => {
  it.each([
    { CLICKHOUSE_URL: `https://user:${password}@host:8443` },
    { CLICKHOUSE_URL: `https://host:8443/?user=u&password=${password}` },
    { KAFKA_BROKERS: `user:${password}@host:9092` },
    { KAFKA_BROKERS: `SASL_SSL://user:${password}@host:9092` },
  ])("with credentials are refused without showing them (%#)", (env) => {
    expect(refusal(env)).toMatch(/credentials/);
    expect(refusal(env)).not.toContain(password);
  });

  it("have a length that is bounded", () => {
    expect(refusal({ KAFKA_BROKERS: `${"h:1,".repeat(10_000)}h:1` })).toContain("at most 32768 are read");
    expect(() => readEnvironment({ SOMETHING_ELSE: "x".repeat(100_000) })).not.toThrow();
  });

  it("of brokers on the command line are checked like the variable", () => {
    expect(parseBrokers("--brokers", "a:1, b:2")).toEqual(["a:1", "b:2"]);
    expect(() => parseBrokers("--brokers", "a")).toThrow('--brokers: "a" is not host:port');
    expect(() => parseBrokers("--brokers", "a:0")).toThrow('--brokers: "a:0" is not host:port');
    expect(() => parseBrokers("--brokers", "a:99999")).toThrow('--brokers: "a:99999" is not host:port');
  });

  it("refuses what the Kafka client would take for another address", () => {
    for (const address of ["[::1]:9092", "[fe80::1%eth0]:9092"]) {
      expect(refusal({ KAFKA_BROKERS: `a:1,${address}` })).toMatch(
        /is an IPv6 address.*name a host that resolves to it/,
      );
    }
  });

  it("takes a proxy's path in ClickHouse's URL, and nothing behind it", () => {
    expect(readEnvironment({ CLICKHOUSE_URL: "http://h:80/clickhouse" }).clickHouseUrl).toBe("http://h:80/clickhouse");
    expect(refusal({ CLICKHOUSE_URL: "http://h:8123/?database=net" })).toContain("has ?database=net at its end");
  });
});

describe("the HTTP token", () => {
  it("has at least 16 characters that a header can carry", () => {
    expect(readEnvironment({ MILLRACE_HTTP_TOKEN: "0123456789abcdef" }).httpToken).toBe("0123456789abcdef");
    expect(refusal({ MILLRACE_HTTP_TOKEN: "0123456789abcde" })).toContain("at least 16 characters");
    expect(refusal({ MILLRACE_HTTP_TOKEN: "0123456789 abcdef" })).toContain("of letters");
  });
});

describe("refuseHalfASetUp()", () => {
  it("wants both servers or none, and names the variable that is absent", () => {
    const kafka = { KAFKA_BROKERS: "kafka:9092" };
    const clickHouse = { CLICKHOUSE_URL: "http://clickhouse:8123" };
    expect(() => refuseHalfASetUp(readEnvironment(kafka))).toThrow("CLICKHOUSE_URL is not");
    expect(() => refuseHalfASetUp(readEnvironment(clickHouse))).toThrow("KAFKA_BROKERS is not");
    for (const env of [{}, { ...kafka, ...clickHouse }]) {
      expect(() => refuseHalfASetUp(readEnvironment(env))).not.toThrow();
    }
  });
});

describe("refuseSecretsForEmbedded()", () => {
  it("refuses Kafka's secrets when the embedded broker would run", () => {
    expect(() => refuseSecretsForEmbedded(readEnvironment(scram), scram)).toThrow("KAFKA_BROKERS is not");
    const named = { ...scram, KAFKA_BROKERS: "h:9092" };
    expect(() => refuseSecretsForEmbedded(readEnvironment(named), named)).not.toThrow();
  });
});

describe("refuseSecretArguments()", () => {
  it.each([["--password=geheim"], ["--kafka-sasl-password"], ["--token"], ["--clickhouse-api-key=x"]])(
    "refuses %s and does not show its value",
    (argument) => {
      expect(() => refuseSecretArguments(["start", argument, "geheim"])).toThrow(/no secret is taken/);
      expect(() => refuseSecretArguments(["start", argument])).not.toThrow(/geheim/);
    },
  );

  it("refuses credentials in an address", () => {
    expect(() => refuseSecretArguments(["lag", "--brokers=kafka://u:geheim@h:1"])).toThrow(/credentials in it/);
    expect(() => refuseSecretArguments(["lag", "kafka://u:geheim@h:1"])).toThrow(/credentials in it/);
  });

  it("leaves all other arguments alone", () => {
    expect(() =>
      refuseSecretArguments(["start", "--group", "secret-santa", "--topic", "tokens", "--eps", "5"]),
    ).not.toThrow();
  });
});
