import type { Socket } from "node:net";
import type { KafkaConfig } from "kafkajs";
import { BufferPool } from "../../core/buffer-pool.ts";
import { frameSockets } from "../frame-socket.ts";
import { spreadLeaders } from "./spread-leaders.ts";

/** Keys of Kafka's APIs (https://kafka.apache.org/protocol#protocol_api_keys), those that tests look at. */
const apiKeys = { Fetch: 1, Metadata: 3, OffsetCommit: 8, JoinGroup: 11, Heartbeat: 12 } as const;

export type TappedApi = keyof typeof apiKeys;

/** A request begins with its size, then API key, API version, correlation id; a response with size and correlation id. */
const API_KEY_AT = 4;
const REQUEST_CORRELATION_AT = 8;
const RESPONSE_CORRELATION_AT = 4;

/** What passes between one client and its brokers, and the faults that can be put there. */
export interface SocketTap {
  readonly socketFactory: NonNullable<KafkaConfig["socketFactory"]>;
  /** Requests of this kind so far, those that were not let through included. */
  count(api: TappedApi): number;
  /** The next `times` requests of this kind do not leave: the connection is closed in their place, and the broker closes too. */
  closeAt(api: TappedApi, times: number): void;
  /** Keeps the next response of this kind back that has at least `bytesMin` bytes; others pass it. */
  holdResponse(api: TappedApi, bytesMin: number): { readonly isHeld: boolean; release(): void };
}

interface Hold {
  apiKey: number;
  bytesMin: number;
  deliver: (() => void) | undefined;
}

/**
 * The source's own sockets, watched. `secondNodeTopics`: the client is told of a second broker, at the same address, that
 * leads the partitions of these topics; kafkajs then fetches with two fetchers side by side.
 */
export function tapSockets(secondNodeTopics: readonly string[] = []): SocketTap {
  const open = frameSockets(new BufferPool(() => 0));
  const counts = new Map<number, number>();
  const closings = new Map<number, number>();
  const holds: Hold[] = [];

  /** Returns whether the request may pass. */
  function onRequest(socket: Socket, apiKey: number): boolean {
    counts.set(apiKey, (counts.get(apiKey) ?? 0) + 1);
    const left = closings.get(apiKey) ?? 0;
    if (left === 0) return true;
    closings.set(apiKey, left - 1);
    socket.end();
    return false;
  }

  function onResponse(apiKey: number | undefined, frame: Buffer, deliver: (frame: Buffer) => void): void {
    const told = apiKey === apiKeys.Metadata ? spreadLeaders(frame, secondNodeTopics) : frame;
    const hold = holds.find(
      (wish) => wish.deliver === undefined && wish.apiKey === apiKey && frame.length >= wish.bytesMin,
    );
    if (hold === undefined) deliver(told);
    else hold.deliver = () => deliver(told);
  }

  function tap(socket: Socket): Socket {
    const asked = new Map<number, number>();
    const { write, emit } = socket;
    socket.write = ((request: Buffer, ...rest: unknown[]) => {
      const apiKey = request.readInt16BE(API_KEY_AT);
      asked.set(request.readInt32BE(REQUEST_CORRELATION_AT), apiKey);
      return onRequest(socket, apiKey) && Reflect.apply(write, socket, [request, ...rest]);
    }) as Socket["write"];
    socket.emit = ((event: string, ...rest: unknown[]) => {
      if (event !== "data") return Reflect.apply(emit, socket, [event, ...rest]);
      const frame = rest[0] as Buffer;
      const apiKey = asked.get(frame.readInt32BE(RESPONSE_CORRELATION_AT));
      onResponse(apiKey, frame, (told) => Reflect.apply(emit, socket, ["data", told]));
      return true;
    }) as Socket["emit"];
    return socket;
  }

  return {
    socketFactory: (options) => tap(open(options)),
    count: (api) => counts.get(apiKeys[api]) ?? 0,
    closeAt: (api, times) => closings.set(apiKeys[api], times),
    holdResponse(api, bytesMin) {
      const hold: Hold = { apiKey: apiKeys[api], bytesMin, deliver: undefined };
      holds.push(hold);
      return {
        get isHeld() {
          return hold.deliver !== undefined;
        },
        release() {
          holds.splice(holds.indexOf(hold), 1);
          hold.deliver?.();
        },
      };
    },
  };
}
