import { badKinds, eventModes } from "../simulator-words.ts";
import { eventRate, portNumber, timerMsMax } from "./bounds.ts";
import type { OptionRows } from "./option-row.ts";

/** What events the simulator makes, how many, and how they look. */
export const loadRows = {
  eventsPerSecond: {
    flag: "--eps <n>",
    type: { kind: "number", ...eventRate },
    otherwise: "eps of the profiles file",
    help: "events per second",
  },
  share: {
    env: "SIMULATOR_SHARE",
    type: { kind: "number", min: 0, max: 1_000 },
    default: "1",
    help: "this instance's part of the load: the rate is multiplied by it",
  },
  durationMs: {
    flag: "--duration <time>",
    type: { kind: "duration", min: 1, max: timerMsMax },
    help: "stop after this time, e.g. 20s",
  },
  eventsMax: { flag: "--events <n>", type: { kind: "number", min: 1 }, help: "stop after this many events" },
  mode: {
    flag: "--mode <mode>",
    env: "SIM_EVENT_MODE",
    type: { kind: "choice", choices: eventModes },
    default: "domain",
    help: "which events a simulated request makes",
  },
  seed: {
    flag: "--seed <n>",
    type: { kind: "count", min: 0, max: Number.MAX_SAFE_INTEGER },
    otherwise: "that of the profiles file, else a random one",
    help: "same seed, same documents apart from their times",
  },
  timezone: {
    flag: "--timezone <zone>",
    type: { kind: "text" },
    default: "Asia/Seoul",
    help: "time zone of time_weights in the profiles file",
  },
  eventId: {
    flag: "--event-id <kind>",
    type: { kind: "choice", choices: ["random", "hash"] },
    default: "random",
    help: "random, or hash: the same event has the same id",
  },
  badRate: {
    flag: "--bad-rate <share>",
    type: { kind: "number", min: 0, max: 1 },
    default: "0",
    help: "share of documents broken on purpose",
  },
  badKinds: {
    flag: "--bad-kinds <list>",
    type: { kind: "list", of: { kind: "choice", choices: badKinds } },
    default: badKinds.join(","),
    otherwise: "all",
    help: "kinds of broken documents, comma-separated",
  },
  httpPort: {
    flag: "--port <n>",
    type: { kind: "count", ...portNumber },
    otherwise: "none",
    help: "port of the HTTP control; 0 chooses a free one",
  },
  httpAddress: {
    flag: "--listen <address>",
    type: { kind: "text" },
    default: "127.0.0.1",
    help: "IP address of the HTTP control; any but a loopback address needs MILLRACE_HTTP_TOKEN",
  },
} as const satisfies OptionRows;
