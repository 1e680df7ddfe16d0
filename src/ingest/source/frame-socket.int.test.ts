import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Kafka, logLevel } from "kafkajs";
import { afterEach, describe, expect, it } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { realKafka, startRealKafka } from "../../testing/kafka/real-kafka.ts";
import { startEmbeddedBroker } from "../../testing/kafka/start-embedded-broker.ts";
import { frameSockets } from "./frame-socket.ts";

const script = fileURLToPath(new URL("./testing/consume-check.ts", import.meta.url));
const deno = fileURLToPath(new URL("../../../node_modules/.bin/deno", import.meta.url));
const real = await realKafka();
if (!real.available) console.warn(`skipped: ${real.reason}`);

const VALUE_BYTES = 300_000;
const MESSAGES = 40;

describe.each([
  ["the embedded broker", startEmbeddedBroker, true],
  ["Apache Kafka", startRealKafka, real.available],
] as const)("a consumer of %s", (_name, start, isAvailable) => {
  it.skipIf(!isAvailable)(
    "reads each byte as it was produced, in memory that is reused: Node and Deno",
    async () => {
      const server = await start();
      try {
        const kafka = new Kafka({ brokers: [server.brokers], logLevel: logLevel.NOTHING });
        const admin = kafka.admin();
        await admin.connect();
        await admin.createTopics({ topics: [{ topic: "large", numPartitions: 1 }], waitForLeaders: true });
        const producer = kafka.producer();
        await producer.connect();
        const hash = createHash("sha256");
        for (let index = 0; index < MESSAGES; index += 1) {
          const value = randomBytes(VALUE_BYTES);
          hash.update(value);
          await producer.send({ topic: "large", messages: [{ value }] });
        }
        await producer.disconnect();
        await admin.disconnect();
        const consume = async (command: string, args: string[]) => {
          const own = [script, server.brokers, "large", String(MESSAGES - 1), String(VALUE_BYTES)];
          return JSON.parse((await promisify(execFile)(command, [...args, ...own], { timeout: 40_000 })).stdout);
        };
        const seen = [await consume(process.execPath, []), await consume(deno, ["run", "-A"])];
        const produced = hash.digest("hex");
        expect(seen).toMatchObject([
          { isDeno: false, hash: produced },
          { isDeno: true, hash: produced },
        ]);
        // One or two responses are read at a time; all later ones lie in their memory.
        for (const { taken, reused } of seen) expect(taken - reused).toBeLessThan(taken / 2);
      } finally {
        await server.close();
      }
    },
    90_000,
  );
});

describe("frameSockets()", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  /** A server that does `onSocket`, and a socket of ours that is connected to it. */
  async function connectTo(onSocket: (socket: Socket) => void): Promise<Socket> {
    server = createServer(onSocket).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const options = { host: "127.0.0.1", port, onConnect: () => {} };
    // kafkajs' types ask for `ssl`, and kafkajs passes none without TLS.
    return frameSockets(new BufferPool(() => 0))(options as unknown as Parameters<ReturnType<typeof frameSockets>>[0]);
  }

  it("emits data once for each whole response, then end", async () => {
    const sent = [randomBytes(3_000_000), randomBytes(0), randomBytes(10)].map((body) => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(body.length);
      return Buffer.concat([size, body]);
    });
    const socket = await connectTo((peer) => peer.end(Buffer.concat(sent)));
    const digests: string[] = [];
    socket.on("data", (frame: Buffer) => digests.push(createHash("sha256").update(frame).digest("hex")));
    await once(socket, "end");
    expect(digests).toEqual(sent.map((frame) => createHash("sha256").update(frame).digest("hex")));
    socket.destroy();
  });

  it("closes with an error when the server does not speak Kafka's protocol", async () => {
    const socket = await connectTo((peer) => peer.on("error", () => {}).write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    socket.on("data", () => expect.unreachable());
    const [error] = await once(socket, "error");
    expect(error).toMatchObject({ code: "E_KAFKA" });
    expect(socket.destroyed).toBe(true);
  });

  it("leaves TLS to kafkajs' own sockets", () => {
    const options = { host: "127.0.0.1", port: 1, ssl: { rejectUnauthorized: false }, onConnect: () => {} };
    const socket = frameSockets(new BufferPool(() => 0))(options);
    socket.on("error", () => {});
    expect(socket).toBeInstanceOf(TLSSocket);
    socket.destroy();
  });
});
