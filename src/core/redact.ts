/**
 * The secrets that this process has loaded, and how to take them out of a text.
 *
 * They are kept for the whole process and not handed from function to function: a secret may come back in the text of
 * any error of any library, and every line that leaves the process goes through `redact`.
 */

export const REDACTED = "[redacted]";

/** Shorter texts occur in lines by chance: taking them out would spoil the log and hide nothing. */
export const SECRET_CHARS_MIN = 4;
/** A line of a PEM file that is shorter than this is the remainder of a key, or its first or last line. */
const KEY_LINE_CHARS_MIN = 32;

/** Longest first: a secret that contains another must be replaced whole. */
let needles: string[] = [];

/** From now on `redact` takes `secret` out, also as it stands in JSON, in a URL and as base64. */
export function rememberSecret(secret: string): void {
  if (secret.length < SECRET_CHARS_MIN) return;
  addNeedles([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams([["", secret]]).toString().slice(1),
    base64(secret),
  ]);
}

/** The same for a password, and for what HTTP's Basic and SASL's PLAIN make of it together with its user. */
export function rememberLogin(user: string, password: string): void {
  rememberSecret(password);
  if (password.length < SECRET_CHARS_MIN) return;
  addNeedles([base64(`${user}:${password}`), base64(`\0${user}\0${password}`)]);
}

/** The same for a private key as PEM text: each line of it is a secret of its own. */
export function rememberKey(pem: string): void {
  addNeedles(pem.split(/\r?\n/).filter((line) => line.length >= KEY_LINE_CHARS_MIN && !line.startsWith("-----")));
}

/** Replaces every secret that is remembered. */
export function redact(text: string): string {
  let clean = text;
  for (const needle of needles) {
    if (clean.includes(needle)) clean = clean.replaceAll(needle, REDACTED);
  }
  return clean;
}

function addNeedles(added: string[]): void {
  needles = [...new Set([...needles, ...added])].sort((a, b) => b.length - a.length);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
