import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { topicNamePattern } from "../../../core/names.ts";
import { PartitionLog } from "../log/partition-log.ts";
import { readJsonFile, writeJsonFile } from "../storage/atomic-file.ts";
import { topicOptionNumber } from "./topic-config.ts";

/** A topic and its open logs; the index is the partition number. */
export interface Topic {
  readonly name: string;
  readonly partitions: PartitionLog[];
  readonly configs: Readonly<Record<string, string>>;
  readonly messageBytesMax: number;
  readonly segmentBytesMax: number;
}

/** What `topic.json` holds. */
interface TopicFile {
  partitionCount: number;
  configs: Record<string, string>;
}

/** Kafka's rule for topic names; "." and ".." would also escape the topics' folder. */
export function isTopicNameValid(name: string): boolean {
  return topicNamePattern.test(name) && name !== "." && name !== "..";
}

/**
 * All topics under a data directory: `topics/<name>/topic.json` and `topics/<name>/<partition>/<base offset>.log`.
 *
 * `topic.json` is written last on creation and the folder is renamed away first on deletion, so a killed process
 * leaves either a whole topic or remains that the next start removes.
 */
export class TopicStore {
  readonly #topicsDir: string;
  readonly #trashDir: string;
  readonly #topics = new Map<string, Topic>();

  constructor(dataDir: string) {
    this.#topicsDir = join(dataDir, "topics");
    this.#trashDir = join(dataDir, "trash");
    rmSync(this.#trashDir, { recursive: true, force: true });
    mkdirSync(this.#topicsDir, { recursive: true });
    mkdirSync(this.#trashDir);
    for (const name of readdirSync(this.#topicsDir)) this.#load(name);
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** The log of a partition, or undefined when topic or partition does not exist. */
  partition(name: string, partition: number): PartitionLog | undefined {
    return this.#topics.get(name)?.partitions[partition];
  }

  all(): Topic[] {
    return [...this.#topics.values()];
  }

  /** Creates a topic. PRECONDITION: the name is valid and free, the count positive, the configs checked. */
  create(name: string, partitionCount: number, configs: Record<string, string>): Topic {
    const topic = this.#open(name, { partitionCount, configs });
    this.#save(topic);
    return topic;
  }

  /** Adds partitions. PRECONDITION: `partitionCount` is larger than the present count. */
  addPartitions(topic: Topic, partitionCount: number): void {
    for (let partition = topic.partitions.length; partition < partitionCount; partition++) {
      topic.partitions.push(PartitionLog.open(join(this.#topicsDir, topic.name, String(partition))));
    }
    this.#save(topic);
  }

  delete(topic: Topic): void {
    this.#topics.delete(topic.name);
    for (const log of topic.partitions) log.close();
    const trash = join(this.#trashDir, randomUUID());
    renameSync(join(this.#topicsDir, topic.name), trash);
    rmSync(trash, { recursive: true, force: true });
  }

  close(): void {
    for (const topic of this.#topics.values()) for (const log of topic.partitions) log.close();
    this.#topics.clear();
  }

  #load(name: string): void {
    const directory = join(this.#topicsDir, name);
    if (!existsSync(join(directory, "topic.json"))) {
      rmSync(directory, { recursive: true, force: true });
      return;
    }
    this.#open(name, readJsonFile(join(directory, "topic.json")) as TopicFile);
  }

  #open(name: string, file: TopicFile): Topic {
    const partitions: PartitionLog[] = [];
    for (let partition = 0; partition < file.partitionCount; partition++) {
      partitions.push(PartitionLog.open(join(this.#topicsDir, name, String(partition))));
    }
    const topic: Topic = {
      name,
      partitions,
      configs: file.configs,
      messageBytesMax: topicOptionNumber(file.configs, "max.message.bytes"),
      segmentBytesMax: topicOptionNumber(file.configs, "segment.bytes"),
    };
    this.#topics.set(name, topic);
    return topic;
  }

  #save(topic: Topic): void {
    const file: TopicFile = { partitionCount: topic.partitions.length, configs: { ...topic.configs } };
    writeJsonFile(join(this.#topicsDir, topic.name, "topic.json"), file);
  }
}
