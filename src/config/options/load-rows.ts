import { badKinds, compressions, eventModes } from "../simulator-words.ts";
import { eventRate } from "./bounds.ts";
import type { OptionRows } from "./option-row.ts";

/** What events the simulator makes, and how many. */
export const loadRows = {
  eventsPerSecond: {
    flag: "--eps <n>",
    type: { kind: "number", ...eventRate },
    otherwise: "eps of the profiles file",
    help: "events per second",
  },
  durationMs: {
    flag: "--duration <time>",
    type: { kind: "duration", min: 1 },
    help: "stop after this time, e.g. 20s",
  },
  eventsMax: { flag: "--events <n>", type: { kind: "number", min: 1 }, help: "stop after this many events" },
  mode: {
    flag: "--mode <mode>",
    type: { kind: "choice", choices: eventModes },
    default: "domain",
    help: "which events a request leaves",
  },
  seed: { flag: "--seed <n>", type: { kind: "number" }, help: "same seed, same documents apart from their times" },
  compression: {
    flag: "--compression <codec>",
    type: { kind: "choice", choices: compressions },
    default: "lz4",
    help: "of the batches",
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
    otherwise: "all",
    help: "kinds of broken documents, comma-separated",
  },
} as const satisfies OptionRows;
