import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { MillraceError } from "../core/errors.ts";
import { isLoopback } from "../core/loopback.ts";

/** For Node's HTTP server: no request of a control or scrape is anywhere near these bounds. */
export const serverLimits = { maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 5_000 };
export const connectionsMax = 64;
/** A connection over which nothing has passed for so long holds its place, and what waits in it, for nobody. */
export const standstillMs = 120_000;

/**
 * A server that other machines can reach asks for a token; there is no way around it.
 *
 * @throws MillraceError E_CONFIG when `address` is no IP address, or is not loopback and there is no token.
 */
export function checkListenAddress(option: string, address: string, token: string | undefined): void {
  if (isLoopback(address)) return;
  if (isIP(address) === 0) {
    throw new MillraceError("E_CONFIG", `${option} ${address}: must be an IP address, such as 127.0.0.1 or 0.0.0.0`);
  }
  if (token === undefined) {
    throw new MillraceError(
      "E_CONFIG",
      `${option} ${address}: other machines can reach this address, so callers must show a token: set ` +
        "MILLRACE_HTTP_TOKEN or MILLRACE_HTTP_TOKEN_FILE (openssl rand -hex 32 makes one), or listen on 127.0.0.1",
    );
  }
}

/**
 * Answers 401 unless the request carries `Authorization: Bearer <token>`.
 *
 * Without a token the server is on loopback, where the danger is a web page in this machine's browser: a name of the
 * page's own that resolves to 127.0.0.1 arrives here with that name as its Host, and is refused with 403.
 *
 * @param open paths that ask for no token: what they answer without one, they decide by `showsToken`
 * @param isLoggedIn whether a browser has shown the token before
 */
export function guardAccess(
  token: string | undefined,
  open: readonly string[] = [],
  isLoggedIn: (context: Context) => boolean = () => false,
) {
  return createMiddleware(async (context, next) => {
    if (token !== undefined && open.includes(context.req.path)) return next();
    if (token === undefined) {
      if (!isLocalHost(context.req.header("host"))) return context.json({ detail: "not for this host name" }, 403);
    } else if (!isSameToken(context.req.header("authorization"), token) && !isLoggedIn(context)) {
      context.header("WWW-Authenticate", "Bearer");
      return context.json({ detail: "Authorization: Bearer <token> is needed (MILLRACE_HTTP_TOKEN)" }, 401);
    }
    return next();
  });
}

/** Whether the caller may read everything: it shows the token, or none is needed. */
export function showsToken(token: string | undefined, authorization: string | undefined): boolean {
  return token === undefined || isSameToken(authorization, token);
}

/** In constant time: digests have one length, so neither the length nor the first wrong byte shows in the time. */
function isSameToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(header ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function isLocalHost(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return isLoopback(name);
}
