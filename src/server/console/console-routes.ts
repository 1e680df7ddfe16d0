import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Run } from "../../run/run.ts";
import { assetPaths, pageHeaders, readAsset } from "./assets.ts";
import type { ConsoleFeed } from "./console-feed.ts";
import { addDataRoutes } from "./data-routes.ts";
import type { Sessions } from "./session.ts";

export interface ServedConsole {
  feed: ConsoleFeed;
  run(): Run | undefined;
  /** Undefined: no token is asked for. */
  sessions: Sessions | undefined;
}

/** Of what a page sends: statements and tokens. */
const BODY_BYTES_MAX = 64 * 1024;

const tooMuch = (context: Context) => context.json({ detail: `a body has ${BODY_BYTES_MAX / 1024} KiB at most` }, 413);

/** The page, and what it asks for. */
export function addConsoleRoutes(app: Hono, { feed, run, sessions }: ServedConsole): void {
  for (const path of assetPaths) {
    app.get(path, async (context) => {
      const { body, type } = await readAsset(path);
      return context.body(body, 200, { ...pageHeaders, "Content-Type": type, "Cache-Control": "no-cache" });
    });
  }
  app.use("/api/*", bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooMuch }));
  sessions?.addRoutes(app);
  app.get("/api/history", (context) => context.json(feed.history()));
  app.get("/api/stream", (context) => {
    const { outgoing } = (context.env ?? {}) as { outgoing?: { destroy(): void } };
    const stream = feed.open(() => outgoing?.destroy());
    if (stream === undefined) return context.json({ detail: "too many pages are open" }, 503);
    return context.body(stream, 200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  });
  addDataRoutes(app, run, sessions !== undefined);
}
