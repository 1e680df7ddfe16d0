import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Reader, Writer } from "@platformatic/kafka";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafkaError } from "./error-codes.ts";
import { FrameSplitter } from "./frame-splitter.ts";
import { type KafkaBroker, startKafkaBroker } from "./server.ts";
import { makeBatch } from "./testing/batches.ts";

const PRODUCE = 0;
const FETCH = 1;
const METADATA = 3;
const API_VERSIONS = 18;

let dataDir: string;
let broker: KafkaBroker;
let socket: Socket;
let frames: Buffer[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-protocol-"));
  broker = await startKafkaBroker({ port: 0, dataDir });
  socket = await open();
});

afterEach(async () => {
  socket.destroy();
  await broker.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function open(): Promise<Socket> {
  const opened = connect(broker.port, "127.0.0.1");
  const splitter = new FrameSplitter();
  frames = [];
  opened.on("data", (chunk: Buffer) => frames.push(...splitter.push(chunk)));
  await once(opened, "connect");
  return opened;
}

let correlationId = 0;

function send(key: number, version: number, body: (writer: Writer) => void): number {
  const writer = Writer.create().appendInt16(key).appendInt16(version).appendInt32(++correlationId);
  body(writer.appendString("raw", false));
  socket.write(writer.prependLength().buffer);
  return correlationId;
}

/** Next response, standing after its correlation id. */
async function receive(): Promise<{ correlationId: number; body: Reader }> {
  while (frames.length === 0) await once(socket, "data");
  const body = Reader.from(frames.shift()!);
  return { correlationId: body.readInt32(), body };
}

async function createTopic(): Promise<void> {
  send(METADATA, 1, (writer) => writer.appendArray(["t"], (w, name) => w.appendString(name, false), false, false));
  await receive();
}

function sendProduce(acks: number, batch: Buffer): void {
  send(PRODUCE, 3, (writer) => {
    writer.appendString(null, false).appendInt16(acks).appendInt32(1000).appendInt32(1).appendString("t", false);
    writer.appendInt32(1).appendInt32(0).appendBytes(batch, false);
  });
}

async function receiveProduced(): Promise<{ error: number; baseOffset: number }> {
  const { body } = await receive();
  body.skip(4 + 2 + 1 + 4 + 4); // topics, name "t", partitions, partition
  return { error: body.readInt16(), baseOffset: Number(body.readInt64()) };
}

function sendFetch(offset: number, waitMs: number, bytesMin = 1): number {
  return send(FETCH, 4, (writer) => {
    writer.appendInt32(-1).appendInt32(waitMs).appendInt32(bytesMin).appendInt32(1_000_000).appendInt8(0);
    writer.appendInt32(1).appendString("t", false).appendInt32(1);
    writer.appendInt32(0).appendInt64(BigInt(offset)).appendInt32(1_000_000);
  });
}

async function receiveFetched(): Promise<{ error: number; endOffset: number; recordsBytes: number }> {
  const { body } = await receive();
  body.skip(4 + 4 + 2 + 1 + 4 + 4); // throttle time, topics, name "t", partitions, partition
  const error = body.readInt16();
  const endOffset = Number(body.readInt64());
  body.skip(8 + 4); // last stable offset, aborted transactions
  return { error, endOffset, recordsBytes: body.readInt32() };
}

describe("the embedded broker on the wire", () => {
  it("answers an ApiVersions request of an unknown version in the format of version 0", async () => {
    send(API_VERSIONS, 99, () => {});
    const { correlationId: answered, body } = await receive();
    expect(answered).toBe(correlationId);
    expect(body.readInt16()).toBe(kafkaError.UNSUPPORTED_VERSION);
    const ranges = body.readArray((r) => [r.readInt16(), r.readInt16(), r.readInt16()], false, false);
    expect(ranges).toContainEqual([API_VERSIONS, 0, 3]);
    expect(body.remaining).toBe(0);
  });

  it("answers ApiVersions 3 with compact types after a plain header", async () => {
    send(API_VERSIONS, 3, (writer) =>
      writer.appendTaggedFields().appendString("x").appendString("1").appendTaggedFields(),
    );
    const { body } = await receive();
    expect(body.readInt16()).toBe(kafkaError.NONE);
    const ranges = body.readArray((r) => [r.readInt16(), r.readInt16(), r.readInt16()]);
    expect(ranges).toContainEqual([FETCH, 4, 11]);
    body.readInt32();
    body.readTaggedFields();
    expect(body.remaining).toBe(0);
  });

  it.each([
    ["an unknown API", 999, 0],
    ["a version that is not advertised", FETCH, 12],
  ])("closes the connection upon %s", async (_what, key, version) => {
    send(key, version, () => {});
    await once(socket, "close");
  });

  it("closes the connection upon bytes that are no Kafka request, and serves others", async () => {
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await once(socket, "close");
    socket = await open();
    send(API_VERSIONS, 0, () => {});
    expect((await receive()).correlationId).toBe(correlationId);
  });

  it("stores a batch of an idempotent producer once when it is sent twice", async () => {
    await createTopic();
    const batch = () => makeBatch({ producerId: 5, producerEpoch: 0, baseSequence: 0, recordsCount: 3 });
    sendProduce(-1, batch());
    sendProduce(-1, batch());
    expect(await receiveProduced()).toEqual({ error: 0, baseOffset: 0 });
    expect(await receiveProduced()).toEqual({ error: 0, baseOffset: 0 });
    sendFetch(0, 0);
    expect(await receiveFetched()).toEqual({ error: 0, endOffset: 3, recordsBytes: batch().length });
  });

  it("refuses a batch whose CRC is wrong, and with acks 0 drops the client instead", async () => {
    await createTopic();
    const batch = makeBatch();
    batch[70]! ^= 1;
    sendProduce(1, batch);
    expect((await receiveProduced()).error).toBe(kafkaError.CORRUPT_MESSAGE);
    sendProduce(0, makeBatch());
    sendFetch(0, 0);
    expect((await receiveFetched()).endOffset).toBe(1);
    sendProduce(0, batch);
    await once(socket, "close");
  });

  it("holds a fetch until enough bytes are there or its time is up, and answers in order", async () => {
    await createTopic();
    let startedMs = performance.now();
    sendFetch(0, 120);
    expect(await receiveFetched()).toEqual({ error: 0, endOffset: 0, recordsBytes: 0 });
    expect(performance.now() - startedMs).toBeGreaterThan(100);

    const reader = socket;
    const readerFrames = frames;
    startedMs = performance.now();
    const fetchId = sendFetch(0, 20_000, 200);
    const nextId = send(API_VERSIONS, 0, () => {});
    socket = await open();
    sendProduce(1, makeBatch());
    await receiveProduced();
    expect(readerFrames).toHaveLength(0); // 161 bytes are less than 200
    sendProduce(1, makeBatch());
    await receiveProduced();
    socket.destroy();
    socket = reader;
    frames = readerFrames;
    while (readerFrames.length < 2) await once(reader, "data");
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(readerFrames.map((frame) => frame.readInt32BE(0))).toEqual([fetchId, nextId]);
    expect((await receiveFetched()).recordsBytes).toBe(2 * makeBatch().length);
  });

  it("says OFFSET_OUT_OF_RANGE past the end, at once", async () => {
    await createTopic();
    sendFetch(1, 20_000);
    expect((await receiveFetched()).error).toBe(kafkaError.OFFSET_OUT_OF_RANGE);
  });
});
