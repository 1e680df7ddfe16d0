import type { Socket } from "node:net";
import type { KafkaConfig } from "kafkajs";
import { BufferPool } from "../../../core/buffer-pool.ts";
import { frameSockets } from "../frame-socket.ts";
import { spreadLeaders } from "./spread-leaders.ts";

/** Keys of Kafka's APIs (https://kafka.apache.org/protocol#protocol_api_keys), those that tests look at. */
const apiKeys = {
  Fetch: 1,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
} as const;

export type TappedApi = keyof typeof apiKeys;

const apiNames = new Map(Object.entries(apiKeys).map(([name, key]) => [key as number, name as TappedApi]));

/** A request begins with its size, then API key, API version, correlation id; a response with size and correlation id. */
const API_KEY_AT = 4;
const REQUEST_CORRELATION_AT = 8;
const RESPONSE_CORRELATION_AT = 4;
/** A Heartbeat response from version 1 on: size, correlation id, throttle time, error code. */
const HEARTBEAT_ERROR_AT = 12;
const REBALANCE_IN_PROGRESS = 27;

/** What passes between one client and its brokers, and the faults that can be put there. */
export interface SocketTap {
  readonly socketFactory: NonNullable<KafkaConfig["socketFactory"]>;
  /** Requests of all these kinds, in order. */
  readonly sent: readonly TappedApi[];
  /** Requests of this kind so far, those that were not let through included. */
  count(api: TappedApi): number;
  /** The next `times` requests of this kind do not leave: the connection is closed in their place, and the broker closes too. */
  closeAt(api: TappedApi, times: number): void;
  /** Keeps the next response of this kind back that has at least `bytesMin` bytes; others pass it. */
  holdResponse(api: TappedApi, bytesMin: number): Held;
  /**
   * Keeps the next request of this kind on its way, as a proxy may; later ones on the same connection wait behind it, those
   * on others pass it. With `isCut` the client loses its connection, while the way on to the broker stays open.
   */
  holdRequest(api: TappedApi, isCut?: boolean): Held;
  /** The next heartbeat is answered with a rebalance that is not there: the client joins a group that stands still. */
  rejoin(): void;
  /** From now on the coordinator is told of each join what it was told of all others. */
  maskJoins(): void;
}

export interface Held {
  readonly isHeld: boolean;
  release(): void;
}

interface Hold {
  apiKey: number;
  bytesMin: number;
  deliver: (() => void) | undefined;
}

interface RequestHold {
  apiKey: number;
  isCut: boolean;
  socket: Socket | undefined;
  waiting: (() => void)[];
}

/**
 * The source's own sockets, watched. `secondNodeTopics`: the client is told of a second broker, at the same address, that
 * leads the partitions of these topics; kafkajs then fetches with two fetchers side by side.
 */
export function tapSockets(secondNodeTopics: readonly string[] = []): SocketTap {
  const open = frameSockets(new BufferPool(() => 0));
  const counts = new Map<number, number>();
  const sent: TappedApi[] = [];
  const closings = new Map<number, number>();
  const holds: Hold[] = [];
  const requestHolds: RequestHold[] = [];
  let rejoins = 0;
  let areJoinsMasked = false;

  /** Returns whether the request may pass now; `pass` lets it go later. */
  function onRequest(socket: Socket, apiKey: number, pass: () => void): boolean {
    counts.set(apiKey, (counts.get(apiKey) ?? 0) + 1);
    const api = apiNames.get(apiKey);
    if (api !== undefined) sent.push(api);
    const before = requestHolds.find((hold) => hold.socket === socket);
    const hold = before ?? requestHolds.find((wish) => wish.socket === undefined && wish.apiKey === apiKey);
    if (hold !== undefined) {
      hold.socket = socket;
      hold.waiting.push(pass);
      if (hold.isCut) setImmediate(() => socket.emit("end"));
      return false;
    }
    const left = closings.get(apiKey) ?? 0;
    if (left === 0) return true;
    closings.set(apiKey, left - 1);
    socket.end();
    return false;
  }

  function onResponse(apiKey: number | undefined, frame: Buffer, deliver: (frame: Buffer) => void): void {
    const told = apiKey === apiKeys.Metadata ? spreadLeaders(frame, secondNodeTopics) : frame;
    if (apiKey === apiKeys.Heartbeat && rejoins > 0) {
      rejoins -= 1;
      told.writeInt16BE(REBALANCE_IN_PROGRESS, HEARTBEAT_ERROR_AT);
    }
    const hold = holds.find(
      (wish) => wish.deliver === undefined && wish.apiKey === apiKey && frame.length >= wish.bytesMin,
    );
    if (hold === undefined) deliver(told);
    else hold.deliver = () => deliver(told);
  }

  function tap(socket: Socket): Socket {
    const asked = new Map<number, number>();
    const { write, emit, end } = socket;
    socket.write = ((request: Buffer, ...rest: unknown[]) => {
      const apiKey = request.readInt16BE(API_KEY_AT);
      asked.set(request.readInt32BE(REQUEST_CORRELATION_AT), apiKey);
      // What assigner.ts adds is the end of the request.
      if (areJoinsMasked && apiKey === apiKeys.JoinGroup) request.fill(0, request.length - 4);
      const pass = () => Reflect.apply(write, socket, [request, ...rest]);
      return onRequest(socket, apiKey, pass) && pass();
    }) as Socket["write"];
    socket.end = ((...rest: unknown[]) => {
      const isHeld = requestHolds.some((hold) => hold.socket === socket);
      return isHeld ? socket : Reflect.apply(end, socket, rest);
    }) as Socket["end"];
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
    sent,
    count: (api) => counts.get(apiKeys[api]) ?? 0,
    closeAt: (api, times) => closings.set(apiKeys[api], times),
    rejoin() {
      rejoins += 1;
    },
    maskJoins() {
      areJoinsMasked = true;
    },
    holdRequest(api, isCut = false) {
      const hold: RequestHold = { apiKey: apiKeys[api], isCut, socket: undefined, waiting: [] };
      requestHolds.push(hold);
      return {
        get isHeld() {
          return hold.socket !== undefined;
        },
        release() {
          requestHolds.splice(requestHolds.indexOf(hold), 1);
          for (const pass of hold.waiting) pass();
          if (isCut) hold.socket?.end();
        },
      };
    },
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
