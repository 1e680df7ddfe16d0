import type { ClickHouseClient } from "@clickhouse/client";
import type { PartitionOffsets } from "../clients/kafka/offsets.ts";
import { ownDatabase } from "../config/own-database.ts";
import type { Origin } from "../core/origin.ts";
import { partitionKey } from "../core/topic-partition.ts";
import type { TablePlan } from "../schema/plan.ts";
import { type Flush, FlushStore } from "../telemetry/flush-store.ts";
import { instanceName } from "./instance-name.ts";

/** All partitions are written so often, moved or not: whoever reads finds where each stood before. */
const ALL_EVERY_MS = 3_600_000;
const MINUTE_MS = 60_000;

export interface ArrivalsInput {
  client: ClickHouseClient;
  origin: Origin;
  plans: readonly Pick<TablePlan, "pipeline" | "topics">[];
  /** Where all partitions stood when the run began. */
  begin: readonly PartitionOffsets[];
  /** Where they stand now. */
  readOffsets(): Promise<PartitionOffsets[]>;
}

/** Notes how far Kafka and the group are, minute by minute (migration 0017): what came, and whether it is done. */
export class RunArrivals {
  readonly #input: ArrivalsInput;
  readonly #store: FlushStore;
  readonly #pipelineOf: ReadonlyMap<string, string>;
  /** What was noted last of each partition. */
  readonly #noted = new Map<string, string>();
  #allNotedMs = Number.NEGATIVE_INFINITY;
  /** What came in the first minute is told apart from what was there: the begin is noted in the minute before. */
  #isBegun = false;
  #flushing: Promise<void> | undefined;

  constructor(input: ArrivalsInput) {
    this.#input = input;
    this.#store = new FlushStore(input.client);
    this.#pipelineOf = new Map(input.plans.flatMap(({ pipeline, topics }) => topics.map((topic) => [topic, pipeline])));
  }

  /** One at a time: while Kafka does not answer they would pile up. @throws what the clients throw. */
  flush(nowMs: number): Promise<void> {
    this.#flushing ??= this.#flush(nowMs).finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** The same, after one that is under way: of what is committed by now. */
  async flushLast(nowMs: number): Promise<void> {
    await this.#flushing?.catch(() => {});
    await this.flush(nowMs);
  }

  async #flush(nowMs: number): Promise<void> {
    const offsets = await this.#input.readOffsets();
    const isAllDue = nowMs - this.#allNotedMs >= ALL_EVERY_MS;
    if (isAllDue) this.#allNotedMs = nowMs;
    const moved = offsets.filter((at) => this.#note(at) || isAllDue);
    const first = this.#isBegun ? [] : [this.#flushOf(this.#input.begin, nowMs - MINUTE_MS)];
    this.#isBegun = true;
    await this.#store.send([...first, this.#flushOf(moved, nowMs)]);
  }

  #flushOf(offsets: readonly PartitionOffsets[], atMs: number): Flush {
    const values = offsets.map((at) => this.#rowOf(at, atMs));
    return {
      ...{ table: `${ownDatabase}.millrace_offsets_1m`, values },
      token: `offsets:${instanceName}:${this.#input.origin.group}:${atMs}`,
    };
  }

  /** Whether it has moved since it was noted last. */
  #note(at: PartitionOffsets): boolean {
    const key = partitionKey(at);
    const text = `${at.logEnd} ${at.committed}`;
    const hasMoved = this.#noted.get(key) !== text;
    this.#noted.set(key, text);
    return hasMoved;
  }

  #rowOf({ topic, partition, logStart, logEnd, committed }: PartitionOffsets, nowMs: number) {
    const { cluster, group } = this.#input.origin;
    return {
      bucket: Math.floor(nowMs / MINUTE_MS) * 60,
      ...{ pipeline: this.#pipelineOf.get(topic) ?? "", topic, kafka_partition: partition },
      ...{ kafka_cluster: cluster, kafka_group: group },
      ...{ log_end: logEnd, committed: committed ?? logStart },
    };
  }
}
