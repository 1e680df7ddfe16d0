import { createMiddleware } from "hono/factory";

/** The header that the page's own requests carry. Another site's page cannot send it without being asked about first. */
export const PAGE_HEADER = "X-Millrace-Console";

/**
 * Refuses what another site's page has a browser do: requests that say so themselves, and those that change or cost
 * something without the page's own header. Programs say nothing of the kind, and pass.
 */
export function refuseOtherSites() {
  return createMiddleware(async (context, next) => {
    const site = context.req.header("sec-fetch-site");
    const isLink = context.req.header("sec-fetch-mode") === "navigate" && context.req.method === "GET";
    const isForeign = (site === "cross-site" || site === "same-site") && !isLink;
    const origin = context.req.header("origin");
    if (isForeign || (origin !== undefined && !isOwn(origin, context.req.header("host")))) {
      return context.json({ detail: "not for pages of another site" }, 403);
    }
    if (context.req.method !== "GET" && context.req.method !== "HEAD" && !context.req.header(PAGE_HEADER)) {
      return context.json({ detail: `the header ${PAGE_HEADER}: 1 is needed` }, 403);
    }
    return next();
  });
}

function isOwn(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}
