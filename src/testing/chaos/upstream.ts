import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";

/** A connection of its own for each: a kept one that the server has just closed would add faults of its own. */
export function openUpstream(targetPort: number, request: IncomingMessage): ClientRequest {
  return httpRequest({
    host: "127.0.0.1",
    port: targetPort,
    method: request.method,
    path: request.url,
    headers: { ...request.headers, connection: "close" },
    agent: false,
  });
}

/** Sends at most `bytes` of the body and never its end. */
export function uploadPart(request: IncomingMessage, upstream: ClientRequest, bytes: number, then: () => void): void {
  let left = bytes;
  let isOver = false;
  const finish = () => {
    if (isOver) return;
    isOver = true;
    // Flushed first: bytes still in this process would be thrown away with the socket.
    upstream.write("", () => {
      upstream.socket?.resetAndDestroy();
      then();
    });
  };
  request.on("data", (chunk: Buffer) => {
    if (isOver) return;
    upstream.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) finish();
  });
  request.once("end", finish);
}
