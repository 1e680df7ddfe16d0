import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import type { ISocketFactory, KafkaConfig } from "kafkajs";
import type { BufferPool } from "../../core/buffer-pool.ts";
import { ResponseFrames } from "./response-frames.ts";

/** What one read of the socket can bring. Stays in a core's second-level cache while it is copied on. */
const READ_BYTES = 256 * 1024;

/** As kafkajs' own sockets have it. */
const KEEP_ALIVE_DELAY_MS = 60_000;

const require = createRequire(import.meta.url);
const kafkaJsSocketFactory: () => ISocketFactory = require("kafkajs/src/network/socketFactory.js");

/**
 * Sockets for kafkajs that emit `data` once for each whole response of the broker instead of once for each chunk. They
 * read into one buffer that is never replaced, so reading makes no garbage; the responses lie in buffers of `pool`.
 *
 * All else is a plain net.Socket: kafkajs uses `on` (data, end, error, timeout), `write`, `end`, `unref` and what this
 * factory sets. With TLS (`ssl`) the sockets are those of kafkajs: a TLS socket has no such way to read.
 */
export function frameSockets(pool: BufferPool): NonNullable<KafkaConfig["socketFactory"]> {
  const usual = kafkaJsSocketFactory();
  return (options) => {
    if (options.ssl) return usual(options);
    const buffer = new Uint8Array(READ_BYTES);
    const frames = new ResponseFrames(pool, (frame) => socket.emit("data", frame));
    const callback = (byteCount: number): boolean => takeChunk(socket, frames, buffer, byteCount);
    const onread = { buffer, callback };
    const socket: Socket = connect({ host: options.host, port: options.port, onread }, options.onConnect);
    // kafkajs ends a closed socket once more at each attempt to reconnect, and calls this; without a handle it would wait
    // for a connect that does not come, one listener more each time.
    socket.once("close", () => {
      socket.unref = () => socket;
    });
    return socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  };
}

/** Always true: to go on reading. */
function takeChunk(socket: Socket, frames: ResponseFrames, buffer: Uint8Array, byteCount: number): boolean {
  try {
    frames.push(byteCount === buffer.length ? buffer : buffer.subarray(0, byteCount));
  } catch (error) {
    // What follows cannot be read either. kafkajs hears `error` and connects again.
    socket.destroy(error as Error);
  }
  return true;
}
