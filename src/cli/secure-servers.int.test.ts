import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { readEnvironment } from "../config/environment.ts";
import { type ClickHouseServer, startClickHouse } from "../embedded/clickhouse/server.ts";
import { clickHouseAddress } from "../run/addresses.ts";
import { type Certificates, hasOpenssl, makeCertificates } from "../testing/certificates.ts";
import { type RealKafka, realKafka, startRealKafka } from "../testing/kafka/real-kafka.ts";
import { type MillraceRun, runMillrace } from "../testing/run-millrace.ts";
import { startTlsProxy, type TlsProxy } from "../testing/tls-proxy.ts";
import { explainError } from "./explain-error.ts";

/**
 * The commands as a user runs them, against Apache Kafka with TLS and SCRAM and the ClickHouse engine behind HTTPS with a
 * password: what works with the right secrets, and what is said, and not said, with wrong ones.
 */

const kafka = await realKafka();
if (!kafka.available) process.stderr.write(`skipped: ${kafka.reason}\n`);

const kafkaPassword = "kafka-Geheimnis-4711";
const clickHousePassword = 'click "house" \\ 0815 & more';
const wrongPassword = "not-the-password-2342";
const secrets = [kafkaPassword, clickHousePassword, wrongPassword].flatMap((secret) => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  Buffer.from(`millrace:${secret}`).toString("base64"),
]);
const EVENTS = 400;

describe.skipIf(!kafka.available || !hasOpenssl())("commands against secured servers", { timeout: 120_000 }, () => {
  let folder: string;
  let certificates: Certificates;
  let broker: RealKafka;
  let engine: ClickHouseServer;
  let proxy: TlsProxy;
  /** Its certificate is signed by the right authority, and for no name at all. */
  let misnamed: TlsProxy;
  let env: Record<string, string>;
  const runs: { name: string; run: MillraceRun }[] = [];

  async function millrace(args: string[], changed: Record<string, string | undefined> = {}): Promise<MillraceRun> {
    const merged = Object.entries({ ...env, ...changed }).filter((entry): entry is [string, string] => !!entry[1]);
    const run = await runMillrace(args, Object.fromEntries(merged));
    runs.push({ name: `${args.join(" ")} ${JSON.stringify(Object.keys(changed))}`, run });
    return run;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-secure-"));
    certificates = await makeCertificates(folder);
    const credentials = { user: "millrace", password: clickHousePassword };
    [broker, engine] = await Promise.all([
      startRealKafka({ secure: { certificates, users: { millrace: kafkaPassword } } }),
      startClickHouse({ port: 0, dataDir: join(folder, "clickhouse"), credentials }),
    ]);
    proxy = await startTlsProxy(engine.port, certificates.server);
    misnamed = await startTlsProxy(engine.port, certificates.client);
    const passwordFile = join(folder, "clickhouse-password");
    await writeFile(passwordFile, `${clickHousePassword}\n`, { mode: 0o600 });
    env = {
      MILLRACE_LOG_LEVEL: "trace",
      KAFKA_BROKERS: broker.secure!.sasl,
      KAFKA_SSL: "true",
      KAFKA_SSL_CA_FILE: certificates.files.ca,
      KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
      KAFKA_SASL_USERNAME: "millrace",
      KAFKA_SASL_PASSWORD: kafkaPassword,
      CLICKHOUSE_URL: `https://localhost:${proxy.port}`,
      CLICKHOUSE_CA_FILE: certificates.files.ca,
      CLICKHOUSE_USER: "millrace",
      CLICKHOUSE_PASSWORD_FILE: passwordFile,
    };
  });

  afterAll(async () => {
    await Promise.allSettled([proxy.close(), misnamed.close(), broker.close(), engine.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  it("creates topics, produces, migrates and stores every record, over TLS and with logins", async () => {
    const [topics, migrated] = await Promise.all([millrace(["topics", "apply"]), millrace(["migrate"])]);
    expect(topics).toMatchObject({ code: 0 });
    expect(migrated).toMatchObject({ code: 0 });
    const plain = { KAFKA_SASL_MECHANISM: "plain" };
    const produced = await millrace(["simulate", "--events", String(EVENTS), "--eps", "4000", "--json"], plain);
    expect(produced).toMatchObject({ code: 0 });
    const reportFile = join(folder, "report.json");
    const started = await millrace(["start", "--until-end", "--json", "--report", reportFile], {
      KAFKA_SASL_MECHANISM: "SCRAM-SHA-256",
    });
    expect(started).toMatchObject({ code: 0 });
    expect(JSON.parse(started.stdout)).toMatchObject({ missing: 0, duplicate: 0, backlog: 0 });
    // The error copies of the simulator are dead letters of another topic, and come on top.
    expect(JSON.parse(started.stdout).stored).toBeGreaterThanOrEqual(EVENTS);
    for (const secret of secrets) expect(await readFile(reportFile, "utf8")).not.toContain(secret);
    const lag = await millrace(["lag", "--json"]);
    expect(JSON.parse(lag.stdout)).toMatchObject({ totalLag: 0 });
  });

  it.concurrent("logs in to Kafka by certificate, its key under a passphrase", async () => {
    const run = await millrace(["topics", "plan"], {
      KAFKA_BROKERS: broker.secure!.mutualTls,
      KAFKA_SASL_MECHANISM: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
      KAFKA_SSL_CERT_FILE: certificates.files.clientCert,
      KAFKA_SSL_KEY_FILE: certificates.files.encryptedKey,
      KAFKA_SSL_KEY_PASSPHRASE: certificates.passphrase,
    });
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain("unchanged");
  });

  it.concurrent.each<[name: string, change: () => Record<string, string>, message: RegExp]>([
    ["a wrong Kafka password", () => ({ KAFKA_SASL_PASSWORD: wrongPassword }), /Kafka refused the login/],
    ["a Kafka user that does not exist", () => ({ KAFKA_SASL_USERNAME: "nobody" }), /Kafka refused the login/],
    [
      "a wrong authority for Kafka",
      () => ({ KAFKA_SSL_CA_FILE: certificates.files.otherCa }),
      /authority that is not known here.*KAFKA_SSL_CA_FILE/,
    ],
    [
      "a wrong ClickHouse password",
      () => ({ CLICKHOUSE_PASSWORD_FILE: "", CLICKHOUSE_PASSWORD: wrongPassword }),
      /ClickHouse refused the login/,
    ],
    [
      "a wrong authority for ClickHouse",
      () => ({ CLICKHOUSE_CA_FILE: certificates.files.otherCa }),
      /authority that is not known here.*CLICKHOUSE_CA_FILE/,
    ],
  ])("start ends with exit code 1 and says why: %s", async (_name, change, message) => {
    const run = await millrace(["start", "--until-end"], change());
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toContain("unexpected error");
    expect(run.code).toBe(1);
  });

  it.concurrent("simulate says that the login failed", async () => {
    const run = await millrace(["simulate", "--events", "1"], { KAFKA_SASL_PASSWORD: wrongPassword });
    expect(run.stderr).toMatch(/authentication failed/i);
    expect(run.stderr).not.toContain("unexpected error");
    expect(run.code).toBe(1);
  });

  it.each<[name: string, url: () => string, message: RegExp]>([
    ["a certificate for another name", () => `https://localhost:${misnamed.port}`, /for another name than the address/],
    ["TLS to a port without it", () => `https://localhost:${engine.port}`, /the other side does not speak TLS/],
    ["nobody at the address", () => "https://localhost:1", /Cannot connect: .*ECONNREFUSED/],
  ])("explains %s", async (_name, url, message) => {
    const address = clickHouseAddress(readEnvironment({ ...env, CLICKHOUSE_URL: url() }), url());
    const client = connectClickHouse(address, 1);
    const failure = await client.query({ query: "SELECT 1" }).catch((error: unknown) => error);
    await client.close();
    expect(explainError(failure)).toMatch(message);
  });

  it.concurrent("refuses a URL with credentials, and secrets on the command line, without repeating them", async () => {
    const inUrl = await millrace(["lag"], { CLICKHOUSE_URL: `https://millrace:${wrongPassword}@localhost` });
    expect(inUrl).toMatchObject({ code: 2, stderr: expect.stringContaining("CLICKHOUSE_URL: has credentials in it") });
    const option = await millrace(["start", `--kafka-password=${wrongPassword}`]);
    expect(option).toMatchObject({ code: 2 });
    expect(option.stderr).toContain("--kafka-password: no secret is taken from the command line");
  });

  it("has shown no secret in any of these runs, on either stream, at log level trace", () => {
    expect(runs.length).toBeGreaterThanOrEqual(12);
    for (const { name, run } of runs) {
      for (const secret of [...secrets, certificates.passphrase]) {
        expect(run.stdout + run.stderr, name).not.toContain(secret);
      }
    }
    // The search would find one: the log of these runs is not empty.
    expect(runs.some(({ run }) => run.stderr.includes('"level"'))).toBe(true);
  });
});
