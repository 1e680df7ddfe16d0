import { MillraceError } from "../../core/errors.ts";

/** No ingester answers there. */
export class Unreachable extends Error {}

/** An ingester that is busy answers all the same: the first state is made at once. */
const ANSWER_MAX_MS = 10_000;

/**
 * What the ingester at `url` tells its pages: one state at once, then one every two seconds, until it ends or `signal` aborts.
 *
 * @throws Unreachable when nobody answers, MillraceError E_CONFIG when the token is missing or wrong, or somebody else answers.
 */
export async function* readEvents<Event>(
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  const body = await openStream(url, token, signal);
  let rest = "";
  try {
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const { events, left } = takeEvents<Event>(rest + text);
      rest = left;
      yield* events;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new Unreachable(`${url} has broken off: ${reasonOf(error)}`, { cause: error });
  }
}

/** The states of a text of server-sent events, and what is left of it: an event that has not come whole yet. */
export function takeEvents<Event>(text: string): { events: Event[]; left: string } {
  const blocks = text.split("\n\n");
  const left = blocks.pop()!;
  const events = blocks.flatMap((block) => {
    const lines = block.split("\n");
    if (!lines.includes("event: state")) return [];
    const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice("data: ".length));
    return [JSON.parse(data.join("\n")) as Event];
  });
  return { events, left };
}

async function openStream(url: string, token: string | undefined, signal: AbortSignal) {
  const late = AbortSignal.timeout(ANSWER_MAX_MS);
  const opening = new AbortController();
  const giveUp = () => opening.abort(new Error(`no answer within ${ANSWER_MAX_MS / 1000} s`));
  late.addEventListener("abort", giveUp);
  const response = await fetch(new URL("/api/stream", url), {
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    redirect: "manual",
    signal: AbortSignal.any([signal, opening.signal]),
  }).catch((error) => {
    throw new Unreachable(`nothing answers at ${url}: ${reasonOf(error)}`, { cause: error });
  });
  late.removeEventListener("abort", giveUp);
  const refuse = (what: string) => new MillraceError("E_CONFIG", `${url} ${what}`);
  if (response.status === 401) {
    const how =
      token === undefined ? "set MILLRACE_HTTP_TOKEN or MILLRACE_HTTP_TOKEN_FILE" : "MILLRACE_HTTP_TOKEN is another";
    throw refuse(`asks for its token: ${how}`);
  }
  if (response.status === 503) throw refuse("has too many pages and watchers open: close some");
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (!response.ok || !isStream || response.body === null) {
    throw refuse(`is no ingester of this version: it answers /api/stream with status ${response.status}`);
  }
  return response.body;
}

/** fetch() says "fetch failed", and why below it. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: inner } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND") return "no such host";
  return inner !== undefined && inner !== "" ? inner : (code ?? message);
}
