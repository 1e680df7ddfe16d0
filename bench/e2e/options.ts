import { parseArgs } from "node:util";
import { parseCount } from "../../src/config/parse-values.ts";
import { type EventMode, eventModes } from "../../src/config/simulator-words.ts";
import { MillraceError } from "../../src/core/errors.ts";

export interface BenchOptions {
  events: number;
  rounds: number;
  partitions: number;
  seed: number;
  mode: EventMode;
  /** Undefined: all that can run here. */
  peers: string[] | undefined;
  views: boolean;
  dns: boolean;
  searchKafkaEngine: boolean;
  check: boolean;
  json: boolean;
  /** Appends to bench/results/. */
  record: boolean;
  help: boolean;
}

export const usage = `npm run bench:e2e -- [options]
  --events N              events in the topic (default 2000000)
  --rounds N              runs of each peer, alternating; medians count (default 3)
  --partitions N          of the topic (default 10)
  --seed N                of the events (default 1)
  --mode http|domain|all  which of the simulator's events (default http: 13 to 16 keys, 332 to 430 bytes)
  --peers a,b             only these (millrace-reference runs only when named)
  --views                 a second table of results, with the fact table's materialized views on
  --dns                   one more table of results: real DNS logs, repeated to N records, no target
  --search-kafka-engine   instead of all that: search the best settings of ClickHouse's Kafka engine
  --check                 exit 1 when a target is missed
  --json                  print one JSON document instead of tables
  --no-record             leave bench/results/ alone`;

/** @throws MillraceError E_CONFIG that names the option and what is allowed. */
export function parseBenchOptions(args: string[]): BenchOptions {
  const { values } = parse(args);
  const count = (name: "events" | "rounds" | "partitions" | "seed", fallback: number, max: number) => {
    const typed = values[name];
    return typed === undefined ? fallback : parseCount(`--${name}`, typed, { min: 1, max });
  };
  const mode = values.mode ?? "http";
  if (!eventModes.includes(mode as EventMode)) {
    throw new MillraceError("E_CONFIG", `--mode ${mode}: must be one of ${eventModes.join(", ")}`);
  }
  return {
    events: count("events", 2_000_000, 100_000_000),
    rounds: count("rounds", 3, 99),
    partitions: count("partitions", 10, 1_000),
    seed: count("seed", 1, 2 ** 31),
    mode: mode as EventMode,
    peers: values.peers?.split(",").map((name) => name.trim()),
    views: values.views === true,
    dns: values.dns === true,
    searchKafkaEngine: values["search-kafka-engine"] === true,
    check: values.check === true,
    json: values.json === true,
    record: values["no-record"] !== true,
    help: values.help === true,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        events: { type: "string" },
        rounds: { type: "string" },
        partitions: { type: "string" },
        seed: { type: "string" },
        mode: { type: "string" },
        peers: { type: "string" },
        views: { type: "boolean" },
        dns: { type: "boolean" },
        "search-kafka-engine": { type: "boolean" },
        check: { type: "boolean" },
        json: { type: "boolean" },
        "no-record": { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new MillraceError("E_CONFIG", `${(error as Error).message}\n${usage}`, { cause: error });
  }
}
