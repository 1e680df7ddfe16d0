/** The watchers of the bench, in a process of their own: `node bench/watch/watchers.ts URL [one]`. Ends with its input. */
import { connect, type Socket } from "node:net";

const SLOW_MS = 5_000;
const SLOW_BYTES = 2_048;

const { hostname, port } = new URL(process.argv[2]!);

function open(): Socket {
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(`GET /api/stream HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  return socket;
}

/** As a page does. */
function readAll(): void {
  open().resume();
}

/** Far less than is sent. */
function readSlowly(): void {
  const socket = open();
  setInterval(() => socket.read(SLOW_BYTES), SLOW_MS);
}

/** As a laptop that is asleep: it is hung up on, and comes again. */
function readNothing(): void {
  const socket = open();
  socket.pause();
  socket.on("close", () => setTimeout(readNothing, SLOW_MS));
}

for (const watch of process.argv[3] === "one" ? [readAll] : [readAll, readAll, readSlowly, readNothing]) watch();
process.stdin.resume().on("end", () => process.exit(0));
