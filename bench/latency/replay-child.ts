import { fileURLToPath } from "node:url";
import { type ReadyChild, startReadyChild } from "../common/ready-child.ts";
import type { ReplayOptions, ReplayReport } from "./replay-producer.ts";

const script = fileURLToPath(new URL("replay-producer.ts", import.meta.url));

/** Starts the load generator on `cores` (empty: where this process runs). @throws MillraceError E_INCOMPLETE when it fails. */
export function startReplay(options: ReplayOptions, cores: readonly number[]): Promise<ReadyChild<ReplayReport>> {
  const args = ["--brokers", options.brokers.join(",")];
  args.push("--eps", String(options.eventsPerSecond), "--duration", `${options.durationMs}ms`);
  args.push("--compression", options.compression, "--seed", String(options.seed));
  return startReadyChild<ReplayReport>(script, args, cores);
}
