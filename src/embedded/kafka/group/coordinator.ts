import { join } from "node:path";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { Group, type JoinRequest, joinError } from "./group.ts";
import { Journal, type JournalRecord, type OffsetRow } from "./journal.ts";
import type { JoinAnswer, SyncAnswer } from "./member.ts";

/** Below Kafka's 6 s, so that tests of lost members take a second instead of ten. */
const SESSION_TIMEOUT_MS_MIN = 500;
const SESSION_TIMEOUT_MS_MAX = 30 * 60_000;
const EMPTY = Buffer.alloc(0);

/** All groups, their offsets, and the journal that both live in. */
export class GroupCoordinator {
  readonly #groups = new Map<string, Group>();
  readonly #journal: Journal;

  constructor(dataDir: string) {
    this.#journal = new Journal(join(dataDir, "groups.jsonl"), (record) => this.#replay(record));
    this.#journal.rewrite(this.#snapshot());
    for (const group of this.#groups.values()) group.startSessions();
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  all(): Group[] {
    return [...this.#groups.values()];
  }

  join(groupId: string, request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    if (groupId === "") return joinError(kafkaError.INVALID_GROUP_ID, request.memberId);
    if (request.sessionTimeoutMs < SESSION_TIMEOUT_MS_MIN || request.sessionTimeoutMs > SESSION_TIMEOUT_MS_MAX) {
      return joinError(kafkaError.INVALID_SESSION_TIMEOUT, request.memberId);
    }
    if (request.memberId !== "" && !this.#groups.has(groupId)) {
      return joinError(kafkaError.UNKNOWN_MEMBER_ID, request.memberId);
    }
    return this.#groupOf(groupId).join(request);
  }

  sync(
    groupId: string,
    memberId: string,
    instanceId: string | null,
    generation: number,
    assignments: Map<string, Buffer>,
  ): Promise<SyncAnswer> | SyncAnswer {
    const group = this.#groups.get(groupId);
    if (group === undefined) return { error: kafkaError.UNKNOWN_MEMBER_ID, assignment: EMPTY };
    return group.sync(memberId, instanceId, generation, assignments);
  }

  heartbeat(groupId: string, memberId: string, instanceId: string | null, generation: number): KafkaErrorCode {
    return this.#groups.get(groupId)?.heartbeat(memberId, instanceId, generation) ?? kafkaError.UNKNOWN_MEMBER_ID;
  }

  leave(groupId: string, memberId: string, instanceId: string | null): KafkaErrorCode {
    return this.#groups.get(groupId)?.leave(memberId, instanceId) ?? kafkaError.UNKNOWN_MEMBER_ID;
  }

  /**
   * Whether a commit is allowed, by the rules of Kafka's group coordinator:
   *
   * - with a member id or generation, the member must belong to the group and the generation be the current one;
   * - without either (an admin tool, a consumer with manual assignment), the group must have no members;
   * - while members collect their new assignment, REBALANCE_IN_PROGRESS. Before that, while they are still joining,
   *   a member of the old generation may commit: that is its chance to finish what it has read.
   */
  checkCommit(groupId: string, memberId: string, instanceId: string | null, generation: number): KafkaErrorCode {
    const group = this.#groups.get(groupId);
    if (group === undefined) return generation < 0 ? kafkaError.NONE : kafkaError.ILLEGAL_GENERATION;
    if (generation < 0 && memberId === "" && instanceId === null) {
      return group.state === "Empty" ? kafkaError.NONE : kafkaError.UNKNOWN_MEMBER_ID;
    }
    const error = group.checkMember(memberId, instanceId);
    if (error !== kafkaError.NONE) return error;
    if (generation !== group.generation) return kafkaError.ILLEGAL_GENERATION;
    if (group.state === "CompletingRebalance") return kafkaError.REBALANCE_IN_PROGRESS;
    group.touch(group.members.get(memberId)!);
    return kafkaError.NONE;
  }

  /** Stores offsets durably. PRECONDITION: `checkCommit` said NONE, in the same turn of the event loop. */
  commit(groupId: string, rows: OffsetRow[]): void {
    if (rows.length === 0) return;
    const { offsets } = this.#groupOf(groupId);
    for (const row of rows) offsets.set(row);
    this.#append({ kind: "offsets", group: groupId, rows });
  }

  /** Deletes a group without members, with its offsets. */
  delete(groupId: string): KafkaErrorCode {
    const group = this.#groups.get(groupId);
    if (group === undefined) return kafkaError.GROUP_ID_NOT_FOUND;
    if (group.state !== "Empty") return kafkaError.NON_EMPTY_GROUP;
    this.#drop(groupId);
    this.#append({ kind: "deleteGroup", group: groupId });
    return kafkaError.NONE;
  }

  /** Drops every group's offsets for a deleted topic: a new topic of that name begins at 0 again. */
  forgetTopic(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.forgetTopic(topic);
    this.#append({ kind: "forgetTopic", topic });
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
    this.#journal.close();
  }

  #groupOf(groupId: string): Group {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new Group(groupId, (settled) => this.#append(settled.toRecord()));
      this.#groups.set(groupId, group);
    }
    return group;
  }

  #drop(groupId: string): void {
    this.#groups.get(groupId)?.close();
    this.#groups.delete(groupId);
  }

  #append(record: JournalRecord): void {
    this.#journal.append(record);
    if (this.#journal.isOvergrown) this.#journal.rewrite(this.#snapshot());
  }

  #replay(record: JournalRecord): void {
    if (record.kind === "offsets") {
      const { offsets } = this.#groupOf(record.group);
      for (const row of record.rows) offsets.set(row);
    } else if (record.kind === "group") this.#groupOf(record.group).restore(record);
    else if (record.kind === "deleteGroup") this.#drop(record.group);
    else for (const group of this.#groups.values()) group.offsets.forgetTopic(record.topic);
  }

  /**
   * The shortest journal with the same meaning. A group in the middle of a rebalance is written as it stands: its
   * members come back as Stable, find their generation gone or go on in it, and rebalance again.
   */
  #snapshot(): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const group of this.#groups.values()) {
      records.push(group.toRecord());
      const rows = group.offsets.rows();
      if (rows.length > 0) records.push({ kind: "offsets", group: group.id, rows });
    }
    return records;
  }
}
