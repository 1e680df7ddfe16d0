import { once } from "node:events";
import type { Socket } from "node:net";
import type { Broker } from "./broker.ts";
import { type DispatchOutcome, dispatch } from "./dispatch.ts";
import { FrameSplitter } from "./frame-splitter.ts";

/** Pieces below this are joined before they are sent: the protocol writer makes one buffer an integer. */
const PIECE_BYTES_SMALL = 4096;
/** Requests read ahead of the one in work. Beyond it the socket is paused, so a client cannot fill the memory. */
const FRAMES_QUEUED_MAX = 16;

/**
 * Serves one client: requests are worked on one at a time and answered in order, as Kafka does, so a waiting Fetch or
 * JoinGroup holds up what the client sent after it on the same connection, and nothing on others.
 */
export function serveConnection(broker: Broker, socket: Socket, advertised: { host: string; port: number }): void {
  const splitter = new FrameSplitter();
  const queue: Buffer[] = [];
  const closing = new AbortController();
  const facts = { advertised, clientHost: `/${socket.remoteAddress ?? ""}`, closed: closing.signal };
  let isWorking = false;

  async function work(): Promise<void> {
    isWorking = true;
    try {
      for (let frame = queue.shift(); frame !== undefined && !socket.destroyed; frame = queue.shift()) {
        if (socket.isPaused() && queue.length < FRAMES_QUEUED_MAX) socket.resume();
        await send(socket, await dispatch(broker, frame, facts), closing.signal);
      }
    } catch {
      // A request that cannot be parsed, or a client that went away: Kafka closes the connection too.
      socket.destroy();
    }
    isWorking = false;
  }

  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    try {
      queue.push(...splitter.push(chunk));
    } catch {
      socket.destroy();
      return;
    }
    if (queue.length >= FRAMES_QUEUED_MAX) socket.pause();
    if (!isWorking) void work();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => closing.abort());
}

/** Writes the response and waits until the socket takes more, so that a slow reader holds one response at most. */
async function send(socket: Socket, outcome: DispatchOutcome, closed: AbortSignal): Promise<void> {
  if (outcome.kind === "close") socket.destroy();
  if (outcome.kind !== "respond" || socket.destroyed) return;
  socket.cork();
  let isFlowing = true;
  for (const piece of joinSmallPieces(outcome.response.buffers)) isFlowing = socket.write(piece);
  socket.uncork();
  if (!isFlowing && !socket.destroyed) await once(socket, "drain", { signal: closed });
}

/** Joins runs of small buffers; large ones (record batches) pass uncopied. */
function joinSmallPieces(pieces: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = [];
  let small: Buffer[] = [];
  const flush = (): void => {
    if (small.length > 0) joined.push(Buffer.concat(small));
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length < PIECE_BYTES_SMALL) {
      small.push(piece);
      continue;
    }
    flush();
    joined.push(piece);
  }
  flush();
  return joined;
}
