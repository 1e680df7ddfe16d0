import type { DeliveryStep } from "../../ingest/pipeline/delivery-steps.ts";
import { describeInsertFault, type InsertFault, type ShortageCode } from "./insert-faults.ts";
import type { Move } from "./kafka-answers.ts";
import type { LineSpeed } from "./tcp-proxy.ts";

/** Which of the running ingesters: a share from 0 to 1 of their number, as it is not known before. */
export type Pick = number;

/** What is done to the system. `pick` chooses the ingester; `…Ms` are how long it lasts. */
export type FaultAction =
  | { kind: "kill-at-step"; pick: Pick; step: DeliveryStep; nth: number; restartMs: number }
  | { kind: "kill"; pick: Pick; restartMs: number }
  /** Stopped for less than the session timeout, and continued. */
  | { kind: "pause"; pick: Pick; forMs: number }
  /** Stopped for longer than the session timeout: wakes up as an owner that is none. */
  | { kind: "zombie"; pick: Pick; step: DeliveryStep | undefined; nth: number; beyondSessionMs: number }
  /** The same with an insert on its way; the tables forget all tokens before it comes: only the fence can refuse it. */
  | { kind: "forgotten-zombie"; pick: Pick; nth: number; beyondSessionMs: number }
  /**
   * Killed with the insert of a bundle on its way, while the group becomes larger or smaller, so that the bundle's ranges
   * come to several owners; then it changes once more, in the middle of their recovery. The insert arrives `passOnMs` after
   * the kill; undefined: never.
   */
  | { kind: "split-bundle"; pick: Pick; nth: number; passOnMs: number | undefined; beyondSessionMs: number }
  | { kind: "worker-exit"; pick: Pick }
  | { kind: "add-ingester" }
  | { kind: "remove-ingester"; pick: Pick }
  | { kind: "insert"; pick: Pick; fault: InsertFault }
  | { kind: "clickhouse-kill"; downMs: number }
  | { kind: "clickhouse-restart"; downMs: number }
  | { kind: "clickhouse-pause"; forMs: number }
  | { kind: "clickhouse-slow"; pick: Pick; speed: LineSpeed; forMs: number }
  | { kind: "clickhouse-reset"; pick: Pick }
  | { kind: "broker-kill"; downMs: number }
  | { kind: "broker-pause"; forMs: number }
  | { kind: "kafka-slow"; pick: Pick; speed: LineSpeed; forMs: number }
  | { kind: "kafka-reset"; pick: Pick; refuseMs: number }
  /** The next answers to one ingester say that leaders or the coordinator have moved. */
  | { kind: "leader-move"; pick: Pick; move: Move; answers: number }
  /** The wall clock of one ingester, for the rest of its life. */
  | { kind: "clock-step"; pick: Pick; byMs: number }
  | { kind: "topic-deletion" }
  /** The same while a bundle with ranges of that topic and of another is on its way. */
  | { kind: "deletion-in-flight"; owner: "stays" | "killed, insert arrives" | "killed, insert lost" }
  /** No ingester can insert into one table, for so long at least; the other has to go on meanwhile. */
  | { kind: "refused-table"; code: ShortageCode; forMs: number }
  /** SIGTERM while a server is away: for longer than a drain may last. */
  | { kind: "terminate"; pick: Pick; server: "clickhouse" | "broker"; how: "kill" | "pause"; beyondDrainMs: number };

export type FaultKind = FaultAction["kind"];

export interface Fault {
  action: FaultAction;
  /** Quiet time before it. */
  pauseMs: number;
  /** The next fault does not wait for the end of this one. */
  isOverlapping: boolean;
}

/** In words, without the ingester's number, which is drawn when it happens. */
export function describeFault(action: FaultAction): string {
  switch (action.kind) {
    case "kill-at-step":
      return `kill an ingester at ${action.step} no. ${action.nth}, back after ${action.restartMs} ms`;
    case "kill":
      return `kill an ingester, back after ${action.restartMs} ms`;
    case "pause":
      return `stop an ingester for ${action.forMs} ms`;
    case "zombie": {
      const where = action.step === undefined ? "" : ` at ${action.step} no. ${action.nth}`;
      return `stop an ingester${where} for the session timeout and ${action.beyondSessionMs} ms`;
    }
    case "forgotten-zombie":
      return `hold up insert no. ${action.nth} of an ingester stopped beyond its session, let all tables forget their tokens`;
    case "split-bundle": {
      const arrival = action.passOnMs === undefined ? "is lost" : `arrives ${action.passOnMs} ms later`;
      return `kill an ingester with bundle no. ${action.nth} on its way, which ${arrival}; the group changes its size twice`;
    }
    case "worker-exit":
      return "end a worker thread";
    case "add-ingester":
      return "add an ingester";
    case "remove-ingester":
      return "stop an ingester gracefully";
    case "insert":
      return `an insert: ${describeInsertFault(action.fault)}`;
    case "clickhouse-kill":
      return `kill ClickHouse, back after ${action.downMs} ms`;
    case "clickhouse-restart":
      return `stop ClickHouse gracefully, back after ${action.downMs} ms`;
    case "clickhouse-pause":
      return `stop ClickHouse for ${action.forMs} ms`;
    case "clickhouse-slow":
      return `slow line to ClickHouse for ${action.forMs} ms: ${describeSpeed(action.speed)}`;
    case "clickhouse-reset":
      return "reset all connections of an ingester to ClickHouse";
    case "broker-kill":
      return `kill the broker, back after ${action.downMs} ms`;
    case "broker-pause":
      return `stop the broker for ${action.forMs} ms`;
    case "kafka-slow":
      return `slow line to Kafka for ${action.forMs} ms: ${describeSpeed(action.speed)}`;
    case "kafka-reset":
      return `reset all connections of an ingester to Kafka, refuse new ones for ${action.refuseMs} ms`;
    case "leader-move":
      return `tell an ingester in ${action.answers} answers that ${describeMove(action.move)}`;
    case "clock-step":
      return `set an ingester's clock ${action.byMs < 0 ? "back" : "forward"} by ${Math.abs(action.byMs) / 1_000} s`;
    case "topic-deletion":
      return "delete a topic that is read";
    case "deletion-in-flight":
      return `delete a topic of a bundle that is on its way; its owner ${action.owner}`;
    case "refused-table":
      return `refuse all inserts into one table with code ${action.code} for ${action.forMs} ms`;
    case "terminate": {
      const away = `${action.how === "kill" ? "killed" : "stopped"} ${action.server === "broker" ? "broker" : "ClickHouse"}`;
      return `SIGTERM to an ingester with a ${away}, back ${action.beyondDrainMs} ms after the time for a drain`;
    }
  }
}

function describeMove(move: Move): string {
  return move === "leaders" ? "the partitions have other leaders" : "the group has another coordinator";
}

function describeSpeed({ latencyMs, bytesPerSecond }: LineSpeed): string {
  return `${latencyMs} ms more, ${Math.round(bytesPerSecond / 1024)} KiB/s`;
}
