import { type KafkaSasl, type KafkaSecurity, saslMechanisms } from "../clients/kafka/security.ts";
import type { TlsFiles } from "../clients/tls-files.ts";
import { MillraceError } from "../core/errors.ts";
import { rememberLogin } from "../core/redact.ts";
import { serverRows } from "./options/environment-rows.ts";
import { readVariables } from "./options/read-options.ts";
import { readSecret, type Variables, type Warnings } from "./secrets.ts";
import { readTlsFiles, tlsVariables } from "./secrets-tls.ts";

const { kafkaTls, saslMechanism } = serverRows;
const SSL = kafkaTls.env;
const MECHANISM = saslMechanism.env;
const USERNAME = serverRows.saslUsername.env;
const PASSWORD = serverRows.saslPassword.env;

/** @throws MillraceError E_CONFIG that names the variable that is wrong or absent. */
export function readKafkaSecurity(env: Variables, warnings: Warnings): KafkaSecurity {
  const tls = readTls(env, warnings);
  const sasl = readSasl(env, warnings);
  if (sasl?.mechanism === "PLAIN" && tls === undefined) {
    warnings.push(`${MECHANISM} is PLAIN and ${SSL} is not true: the password crosses the network as plain text`);
  }
  return { tls, sasl };
}

/** The variables of `readKafkaSecurity` that are set. */
export function kafkaSecurityVariables(env: Variables): string[] {
  const names = [SSL, MECHANISM, USERNAME, PASSWORD, `${PASSWORD}_FILE`];
  return [...names.filter((name) => env[name] !== undefined), ...tlsVariables(env, SSL)];
}

function readTls(env: Variables, warnings: Warnings): TlsFiles | undefined {
  if (readVariables({ kafkaTls }, env).kafkaTls === true) return readTlsFiles(env, SSL, warnings);
  const [stray] = tlsVariables(env, SSL);
  if (stray === undefined) return undefined;
  throw new MillraceError("E_CONFIG", `${stray} is set and ${SSL} is not true: without it the connection is not TLS`);
}

function readSasl(env: Variables, warnings: Warnings): KafkaSasl | undefined {
  const mechanism = readVariables({ saslMechanism }, env).saslMechanism;
  const username = env[USERNAME];
  const password = readSecret(env, PASSWORD, warnings);
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism === undefined) {
    const set = username === undefined ? PASSWORD : USERNAME;
    throw new MillraceError("E_CONFIG", `${set} is set and ${MECHANISM} is not: one of ${saslMechanisms.join(", ")}`);
  }
  if (username === undefined || username === "") {
    throw new MillraceError("E_CONFIG", `${MECHANISM} is set and ${USERNAME} is not`);
  }
  if (password === undefined) {
    throw new MillraceError("E_CONFIG", `${MECHANISM} is set, and neither ${PASSWORD} nor ${PASSWORD}_FILE is`);
  }
  rememberLogin(username, password);
  return { mechanism, username, password };
}
