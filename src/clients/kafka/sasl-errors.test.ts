import { createServer, type Server, type Socket } from "node:net";
import { Kafka, logLevel } from "kafkajs";
import { afterEach, describe, expect, it } from "vitest";
import { classifyKafkaError } from "./classify-error.ts";
import { partialAdmin } from "./partial-admin.ts";

/** Keys of the protocol's requests (https://kafka.apache.org/protocol#protocol_api_keys). */
const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;

let server: Server | undefined;
afterEach(() => server?.close());

const int16 = (value: number) => Buffer.from([(value >> 8) & 255, value & 255]);
const int32 = (value: number) => Buffer.from([0, 0, (value >> 8) & 255, value & 255]);
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);

/** A broker up to the login: `onLogin` returns the answer's body, or undefined to hang up. */
async function startLogins(onLogin: () => Buffer | undefined): Promise<string> {
  const bodies = new Map<number, () => Buffer | undefined>([
    [
      API_VERSIONS,
      () => {
        const known = [API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE].map((key) =>
          Buffer.concat([int16(key), int16(0), int16(0)]),
        );
        return Buffer.concat([int16(0), int32(known.length), ...known]);
      },
    ],
    [SASL_HANDSHAKE, () => Buffer.concat([int16(0), int32(1), text("PLAIN")])],
    [SASL_AUTHENTICATE, onLogin],
  ]);
  const onRequest = (socket: Socket, frame: Buffer) => {
    const [key, version] = [frame.readInt16BE(4), frame.readInt16BE(6)];
    const unsupported = key === API_VERSIONS && version > 0 ? int16(35) : undefined;
    const body = unsupported ?? bodies.get(key)?.();
    if (body === undefined) return socket.destroy();
    const correlationId = frame.subarray(8, 12);
    return socket.write(Buffer.concat([int32(4 + body.length), correlationId, body]));
  };
  const opened = createServer((socket) => {
    socket.on("error", () => {});
    // kafkajs sends the next request when it has the answer: each chunk is one.
    socket.on("data", (frame) => onRequest(socket, frame));
  });
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(opened.address() as { port: number }).port}`;
}

async function login(broker: string): Promise<unknown> {
  const sasl = { mechanism: "plain" as const, username: "u", password: "p" };
  const admin = partialAdmin(
    new Kafka({ brokers: [broker], sasl, logLevel: logLevel.NOTHING, retry: { retries: 1, initialRetryTime: 10 } }),
  );
  const error = await admin.connect().catch((caught: unknown) => caught);
  await admin.disconnect();
  return error;
}

describe("a login that fails", () => {
  it("passes when the connection broke", async () => {
    const error = await login(await startLogins(() => undefined));
    expect(error).toBeInstanceOf(Error);
    expect(classifyKafkaError(error).class).toBe("retry");
  });

  it("is fatal when the broker has refused it", async () => {
    const refused = Buffer.concat([int16(58), text("wrong"), int32(0)]);
    const error = await login(await startLogins(() => refused));
    expect(classifyKafkaError(error)).toMatchObject({ class: "fatal", reason: expect.stringContaining("credentials") });
  });
});
