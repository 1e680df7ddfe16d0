import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Peer, PeerContext, RunningPeer } from "../peer.ts";
import { startChildPeer } from "./child-peer.ts";
import type { ConsumerJob } from "./consumer-process.ts";

/** A kafkajs consumer in a process of its own; `script` stands beside this file. */
export function consumerPeer(name: string, title: string, script: string): Peer {
  return { name, title, writesTable: true, start: (context) => start(name, script, context) };
}

async function start(name: string, script: string, context: PeerContext): Promise<RunningPeer> {
  const { brokers, topic, clickHouseUrl, table, workDirectory } = context;
  const job: ConsumerJob = { brokers, topic, groupId: `bench.${name}.${Date.now()}`, clickHouseUrl, table };
  const entry = fileURLToPath(new URL(script, import.meta.url));
  const child = startChildPeer(name, [entry, JSON.stringify(job)], { workDirectory, readyText: "ready" });
  return {
    pids: () => [child.pid],
    ready: child.ready,
    ended: child.ended,
    async stop() {
      await child.stop();
      const output = await readFile(child.stdoutFile, "utf8");
      const report = output.split("\n").find((line) => line.startsWith("{"));
      if (report === undefined) return {};
      const { insertP95Ms } = JSON.parse(report) as { insertP95Ms: number | null };
      return insertP95Ms === null ? {} : { insertP95Ms };
    },
  };
}
