import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** A session ends after so long, and with the process. */
const SESSION_SECONDS = 12 * 3600;
/** An answer to a wrong token waits: guesses take time. */
const WRONG_TOKEN_MS = 500;

/**
 * How a browser shows the token: it is typed once, and from then on a cookie stands for it that no script can read and
 * no other site can use. The cookie is not the token but a keyed digest of it; its key is this process's own.
 */
export interface Sessions {
  isOpen(context: Context): boolean;
  addRoutes(app: Hono): void;
}

export function createSessions(token: string): Sessions {
  const key = randomBytes(32);
  const digest = (text: string) => createHmac("sha256", key).update(text).digest();
  const isSame = (a: Buffer, b: Buffer) => a.length === b.length && timingSafeEqual(a, b);
  const session = digest(`session of ${token}`);
  return {
    isOpen: (context) => isSame(Buffer.from(getCookie(context, cookieName(context)) ?? "", "base64url"), session),
    addRoutes(app) {
      app.post("/api/login", async (context) => {
        const body = (await context.req.json().catch(() => undefined)) as { token?: unknown } | undefined;
        if (typeof body?.token !== "string" || !isSame(digest(body.token), digest(token))) {
          await sleep(WRONG_TOKEN_MS);
          return context.json({ detail: "this is not the token (MILLRACE_HTTP_TOKEN)" }, 401);
        }
        const isTls = context.req.header("x-forwarded-proto") === "https";
        setCookie(context, cookieName(context), session.toString("base64url"), {
          ...{ httpOnly: true, sameSite: "Strict", path: "/", maxAge: SESSION_SECONDS, secure: isTls },
        });
        return context.json({ status: "logged in" });
      });
    },
  };
}

/** Cookies are by host, not by port: two ingesters on one machine have one each. */
function cookieName(context: Context): string {
  const port = /:(\d+)$/.exec(context.req.header("host") ?? "")?.[1] ?? "";
  return `millrace_session${port}`;
}
