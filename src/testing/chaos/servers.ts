import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../core/errors.ts";
import { tailOf } from "../kafka/child-process.ts";
import { freePort } from "../kafka/free-port.ts";
import { startRealKafka } from "../kafka/start-real-kafka.ts";
import { millraceEntry } from "../run-millrace.ts";
import { type ManagedProcess, startProcess, type UsageTotal } from "./managed-process.ts";

const READY_MS = 60_000;
const STOP_GRACE_MS = 20_000;

/** A server that is killed, stopped and started again on the same port and data. Calls wait for each other in order. */
export interface ChaosServer {
  readonly port: number;
  readonly name: string;
  /** How often it was started. */
  readonly starts: number;
  /** SIGKILL, and the server's return after `downMs`. */
  killAndRestart(downMs: number): Promise<void>;
  /** SIGTERM, and its return after `downMs`. */
  stopAndRestart(downMs: number): Promise<void>;
  /** SIGSTOP, and SIGCONT after `forMs`. */
  pause(forMs: number): Promise<void>;
  /** Waits for what is under way, then stops it for good. */
  close(): Promise<void>;
}

/** One life of a server. */
interface Life {
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

/** @throws MillraceError E_EMBEDDED when it is not ready within a minute, with the end of its log. */
export async function startEmbeddedServer(
  server: "kafka" | "clickhouse",
  folder: string,
  usage: UsageTotal,
): Promise<ChaosServer> {
  const port = await freePort();
  const logFile = join(folder, `${server}.log`);
  const args = [millraceEntry, "embedded", server, "--port", String(port), "--data", join(folder, server)];
  return createServer(`embedded ${server}`, port, async () => {
    let isReady = false;
    const onLine = (line: string) => {
      isReady ||= line.includes(" ready on ");
    };
    const child: ManagedProcess = startProcess({ args, logFile, usage, onLine });
    for (const deadlineMs = Date.now() + READY_MS; !isReady; await sleep(20)) {
      if (child.isRunning && Date.now() < deadlineMs) continue;
      await child.stop(0);
      throw new MillraceError(
        "E_EMBEDDED",
        `Cannot start ${server}: ended or not ready; its log:\n${await tailOf(logFile)}`,
      );
    }
    return { signal: child.signal, exited: child.exited, stop: () => child.stop(STOP_GRACE_MS) };
  });
}

/** @throws MillraceError E_KAFKA when Java or the jars are missing, or it does not start. */
export async function startRealBroker(folder: string, usage: UsageTotal): Promise<ChaosServer> {
  const port = await freePort();
  return createServer("Apache Kafka", port, async () => {
    const kafka = await startRealKafka({ dataDir: join(folder, "kafka"), port });
    const exited = kafka.failed;
    usage.follow(kafka.pid, exited);
    const signal = (name: NodeJS.Signals) => {
      process.kill(kafka.pid, name);
    };
    return { signal, exited, stop: () => kafka.close() };
  });
}

async function createServer(name: string, port: number, start: () => Promise<Life>): Promise<ChaosServer> {
  let life = await start();
  let starts = 1;
  let last: Promise<void> = Promise.resolve();

  /** One after the other; a failure belongs to the caller whose turn it was. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function restart(end: () => Promise<unknown>, downMs: number): Promise<void> {
    await end();
    await sleep(downMs);
    life = await start();
    starts += 1;
  }

  return {
    name,
    port,
    get starts() {
      return starts;
    },
    killAndRestart: (downMs) =>
      inTurn(() =>
        restart(() => {
          life.signal("SIGKILL");
          return life.exited;
        }, downMs),
      ),
    stopAndRestart: (downMs) => inTurn(() => restart(() => life.stop(), downMs)),
    pause: (forMs) =>
      inTurn(async () => {
        life.signal("SIGSTOP");
        await sleep(forMs);
        life.signal("SIGCONT");
      }),
    close: () =>
      inTurn(async () => {
        await life.stop();
      }),
  };
}
