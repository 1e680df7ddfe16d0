import { createPrivateKey, X509Certificate } from "node:crypto";
import type { TlsFiles } from "../clients/tls-files.ts";
import { MillraceError } from "../core/errors.ts";
import { rememberKey } from "../core/redact.ts";
import { readConfiguredFile, readSecret, readSecretFile, type Variables, type Warnings } from "./secrets.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads `<prefix>_CA_FILE`, `<prefix>_CERT_FILE`, `<prefix>_KEY_FILE` and `<prefix>_KEY_PASSPHRASE(_FILE)`. Everything is
 * opened and parsed here, so that a wrong file is an error at the start and not a failed handshake.
 *
 * @throws MillraceError E_CONFIG that names the variable and the file.
 */
export function readTlsFiles(env: Variables, prefix: string, warnings: Warnings): TlsFiles {
  const caFile = env[`${prefix}_CA_FILE`];
  const certFile = env[`${prefix}_CERT_FILE`];
  const keyFile = env[`${prefix}_KEY_FILE`];
  const ca = caFile === undefined ? undefined : readCertificates(`${prefix}_CA_FILE`, caFile, warnings);
  const passphrase = readSecret(env, `${prefix}_KEY_PASSPHRASE`, warnings);
  if (certFile === undefined && keyFile === undefined) {
    if (passphrase === undefined) return { ca, own: undefined };
    throw new MillraceError("E_CONFIG", `${prefix}_KEY_PASSPHRASE is set and ${prefix}_KEY_FILE is not`);
  }
  if (certFile === undefined || keyFile === undefined) {
    const [there, absent] = certFile === undefined ? ["KEY", "CERT"] : ["CERT", "KEY"];
    throw new MillraceError("E_CONFIG", `${prefix}_${there}_FILE is set and ${prefix}_${absent}_FILE is not`);
  }
  const cert = readCertificates(`${prefix}_CERT_FILE`, certFile, warnings);
  const key = readKey(prefix, keyFile, passphrase, warnings);
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new MillraceError("E_CONFIG", `${prefix}_KEY_FILE: ${keyFile} is not the key of ${certFile}`);
  }
  return { ca, own: { cert, key } };
}

/** The names of all variables that `readTlsFiles` reads and that are set. */
export function tlsVariables(env: Variables, prefix: string): string[] {
  const names = ["CA_FILE", "CERT_FILE", "KEY_FILE", "KEY_PASSPHRASE", "KEY_PASSPHRASE_FILE"];
  return names.map((name) => `${prefix}_${name}`).filter((name) => env[name] !== undefined);
}

function readCertificates(variable: string, file: string, warnings: Warnings): string {
  const blocks = readConfiguredFile(variable, file).text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) throw new MillraceError("E_CONFIG", `${variable}: ${file} holds no PEM certificate`);
  for (const block of blocks) {
    const { validToDate, subject } = parseCertificate(variable, file, block);
    if (validToDate.getTime() > Date.now()) continue;
    warnings.push(
      `${variable}: ${file}: the certificate of ${oneLine(subject)} expired on ${validToDate.toISOString()}`,
    );
  }
  return `${blocks.join("\n")}\n`;
}

function parseCertificate(variable: string, file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new MillraceError("E_CONFIG", `${variable}: ${file} holds a certificate that cannot be read`, { cause });
  }
}

/** The key as PKCS #8 without a passphrase: not every TLS client takes one. */
function readKey(prefix: string, file: string, passphrase: string | undefined, warnings: Warnings): string {
  const variable = `${prefix}_KEY_FILE`;
  const text = readSecretFile(variable, file, warnings);
  rememberKey(text);
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new MillraceError("E_CONFIG", `${variable}: ${file} holds no PEM private key`);
  }
  if (/ENCRYPTED/.test(text) && passphrase === undefined) {
    throw new MillraceError("E_CONFIG", `${variable}: ${file} is encrypted: set ${prefix}_KEY_PASSPHRASE_FILE`);
  }
  try {
    const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
    const pem = key.export({ type: "pkcs8", format: "pem" }) as string;
    rememberKey(pem);
    return pem;
  } catch (cause) {
    const doubt = passphrase === undefined ? "is damaged" : `is damaged, or ${prefix}_KEY_PASSPHRASE is wrong`;
    throw new MillraceError("E_CONFIG", `${variable}: ${file} cannot be read as a key: it ${doubt}`, { cause });
  }
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
