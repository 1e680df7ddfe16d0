import { execFile, spawnSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Certificates of one run, made on the spot, valid for two days. All as PEM text; `files` are the same on disk. */
export interface Certificates {
  ca: string;
  /** For `localhost` and `127.0.0.1`. */
  server: { cert: string; key: string };
  /** For no host name. */
  client: { cert: string; key: string };
  files: {
    ca: string;
    /** An authority that has signed nothing here. */
    otherCa: string;
    clientCert: string;
    clientKey: string;
    /** The client's key under `passphrase`. */
    encryptedKey: string;
    serverCert: string;
    serverKey: string;
  };
  passphrase: string;
}

const run = promisify(execFile);
const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

/** Whether the program is here that makes them. In CI its absence is an error. */
export function hasOpenssl(): boolean {
  const found = /^OpenSSL [3-9]/.test(spawnSync("openssl", ["version"]).stdout?.toString() ?? "");
  if (!found && process.env.CI !== undefined) {
    throw new Error("openssl 3 is not installed, and CI needs it (Debian: apt-get install openssl)");
  }
  if (!found) console.warn("skipped with certificates: openssl 3 is not installed (Debian: apt-get install openssl)");
  return found;
}

/** Makes an authority, a server and a client in `folder` with the openssl program (3.0 or newer). */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const at = (name: string) => join(folder, name);
  const authority = (name: string) =>
    request([...elliptic, "-keyout", at(`${name}.key`), "-out", at(`${name}.pem`), "-subj", `/CN=${name}`]);
  const signed = (name: string, extra: string[]) =>
    request([
      ...[...elliptic, "-keyout", at(`${name}.key`), "-out", at(`${name}.pem`), "-subj", `/CN=${name}`],
      ...["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-addext", "basicConstraints=critical,CA:FALSE", ...extra],
    ]);
  const pair = async (name: string) => ({
    cert: await readFile(at(`${name}.pem`), "utf8"),
    key: await readFile(at(`${name}.key`), "utf8"),
  });
  await Promise.all([authority("ca"), authority("other")]);
  await Promise.all([signed("server", ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]), signed("client", [])]);
  const passphrase = "correct horse battery staple";
  const encrypted = createPrivateKey(await readFile(at("client.key"), "utf8")).export({
    ...{ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase },
  } as const);
  await writeFile(at("client.encrypted.key"), encrypted, { mode: 0o600 });
  await Promise.all(["client.key", "server.key"].map((name) => chmod(at(name), 0o600)));
  return {
    ca: await readFile(at("ca.pem"), "utf8"),
    server: await pair("server"),
    client: await pair("client"),
    files: {
      ca: at("ca.pem"),
      otherCa: at("other.pem"),
      clientCert: at("client.pem"),
      clientKey: at("client.key"),
      encryptedKey: at("client.encrypted.key"),
      serverCert: at("server.pem"),
      serverKey: at("server.key"),
    },
    passphrase,
  };
}

async function request(args: string[]): Promise<void> {
  await run("openssl", ["req", "-x509", ...args]);
}
