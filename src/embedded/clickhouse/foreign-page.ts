import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../../core/loopback.ts";

/**
 * Why a request is not answered: a page of any site may have this machine's browser send it, and the engine writes whatever
 * file `INSERT INTO FUNCTION file(…)` names. Programs send neither an Origin nor Sec-Fetch-Site. A site's own name that
 * resolves to 127.0.0.1, by which its page could read the answers, too, arrives as Host; where credentials are asked for, a
 * page has none, and the name is anybody's choice. Undefined: it may be answered.
 */
export function refusalOfPage(headers: IncomingHttpHeaders, asksForCredentials: boolean): string | undefined {
  const isFromPage = headers.origin !== undefined || (headers["sec-fetch-site"] ?? "none") !== "none";
  if (isFromPage) return "The embedded ClickHouse answers programs, and no page of a browser.\n";
  const name = (headers.host ?? "localhost").replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (asksForCredentials || isLoopback(name.toLowerCase())) return undefined;
  return "The embedded ClickHouse answers to 127.0.0.1 and localhost, and to no other name.\n";
}
