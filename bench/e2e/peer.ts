/** What the bench knows about the table, the topic and the servers, handed to a peer at its start. */
export interface PeerContext {
  brokers: string;
  topic: string;
  partitions: number;
  events: number;
  clickHouseUrl: string;
  /** `db.table`: exists, is empty, the fact table without views. */
  table: string;
  /** A scratch folder, removed after the run. */
  workDirectory: string;
  log(line: string): void;
}

/** A peer that was started. */
export interface RunningPeer {
  /**
   * Roots of the process trees whose CPU and memory count beside ClickHouse's; empty when the work happens inside
   * ClickHouse.
   */
  pids(): number[];
  /** Resolves when it begins to take records: joined, connected, JVM and session up. CPU and wall count from here. */
  ready: Promise<void>;
  /**
   * Rejects when the peer failed; never resolves otherwise, except for peers with `writesTable` false, where it
   * resolves when all events are consumed.
   */
  ended: Promise<void>;
  /** Called after the last row. May report latencies the peer measured itself, in milliseconds. */
  stop(): Promise<{ insertP95Ms?: number; e2eP95Ms?: number; eventLoopUtilisation?: number }>;
}

/** One way of getting a topic into the fact table. */
export interface Peer {
  /** As `--peers` takes it. */
  name: string;
  /** As the table prints it. */
  title: string;
  /** False when nothing is stored, so that no checksum is asked of it. */
  writesTable: boolean;
  /** Runs only when `--peers` names it. */
  onlyByName?: true;
  /** Why it cannot run on this machine (no Java, no Python), or undefined. */
  unavailable?(): Promise<string | undefined>;
  start(context: PeerContext): Promise<RunningPeer>;
}
