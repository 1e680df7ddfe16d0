import { append } from "./series.js";

const RETRY_MS = 5_000;

/**
 * @typedef {import("./series.js").History} History
 * @typedef {{onState: (state: any, history: History | undefined) => void, onLost: () => void, onRefused: () => void}} Listeners
 */

/** Follows the server's events; the browser connects again by itself. @param {Listeners} listeners */
export function follow({ onState, onLost, onRefused }) {
  /** @type {History | undefined} */
  let history;
  let isReading = false;

  const readHistory = async () => {
    if (isReading) return;
    isReading = true;
    try {
      const answer = await fetch("/api/history");
      if (answer.ok) history = await answer.json();
    } catch {
      // The server is gone; `onerror` says so.
    } finally {
      isReading = false;
    }
  };

  const connect = () => {
    const events = new EventSource("/api/stream");
    events.addEventListener("open", () => {
      history = undefined;
      void readHistory();
    });
    events.addEventListener("state", ({ data }) => {
      const state = JSON.parse(data);
      const point = state.run?.point;
      if (point && (history === undefined || !append(history, point))) void readHistory();
      onState(state, history);
    });
    events.addEventListener("error", async () => {
      onLost();
      const answer = await fetch("/api/limits").catch(() => undefined);
      if (answer?.status === 401) {
        events.close();
        onRefused();
      } else if (events.readyState === EventSource.CLOSED) {
        // Of an answer that is no stream, as when too many pages are open, it does not try again by itself.
        setTimeout(connect, RETRY_MS);
      }
    });
  };
  connect();
}

/**
 * Asks the server. @param {string} path @param {unknown} [body] makes it a POST
 * @returns {Promise<any>} @throws Error with the server's reason
 */
export async function ask(path, body) {
  const answer = await fetch(path, {
    headers: { "X-Millrace-Console": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const found = await answer.json().catch(() => undefined);
  if (answer.ok) return found;
  throw new Error(found?.detail ?? `the server answers ${answer.status}`);
}
