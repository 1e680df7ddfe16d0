import { randomUUID } from "node:crypto";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import type { JournalRecord } from "./journal.ts";
import {
  areProtocolsEqual,
  electProtocol,
  type JoinAnswer,
  type Member,
  type MemberProtocol,
  memberFromRow,
  memberToRow,
  metadataUnder,
  type SyncAnswer,
} from "./member.ts";
import { GroupOffsets } from "./offsets.ts";

/**
 * States of Kafka's classic group protocol:
 *
 *     Empty → PreparingRebalance → CompletingRebalance → Stable
 *               ↑    (collecting JoinGroup)   (waiting for the leader's SyncGroup)
 *               └──── a member joins anew, leaves or expires ────┘
 */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

export interface JoinRequest {
  memberId: string;
  instanceId: string | null;
  clientId: string;
  clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocolType: string;
  protocols: MemberProtocol[];
  /** JoinGroup ≥ 4: a first-time member is sent its id and must join again with it (KIP-394). */
  mustKnowMemberId: boolean;
}

const EMPTY = Buffer.alloc(0);

/** One group: membership, generations and the rebalance. Committed offsets hang on it; checking them is `coordinator.ts`. */
export class Group {
  readonly id: string;
  readonly offsets = new GroupOffsets();
  readonly members = new Map<string, Member>();
  state: GroupState = "Empty";
  generation = 0;
  protocolType = "";
  protocol: string | null = null;
  #leaderId: string | null = null;
  /** Ids given out and not yet used to join, with the timer that withdraws them. */
  readonly #pending = new Map<string, NodeJS.Timeout>();
  #rebalanceTimer: NodeJS.Timeout | undefined;
  readonly #onSettled: (group: Group) => void;

  /** @param onSettled called when the group has become Stable or Empty, to make that durable */
  constructor(id: string, onSettled: (group: Group) => void) {
    this.id = id;
    this.#onSettled = onSettled;
  }

  /** Resolves when the rebalance that the request starts or takes part in has collected its members. */
  join(request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const { memberId, instanceId } = request;
    if (!this.#canSpeak(request)) return joinError(kafkaError.INCONSISTENT_GROUP_PROTOCOL, memberId);
    if (memberId === "") return this.#joinFirst(request);
    if (this.#withdrawPending(memberId)) return this.#joinAsNew(memberId, request);
    const error = this.checkMember(memberId, instanceId);
    if (error !== kafkaError.NONE) return joinError(error, memberId);
    const member = this.members.get(memberId)!;
    const isUnchanged = areProtocolsEqual(member.protocols, request.protocols);
    // The answer to the first try was lost: the same generation is told again.
    if (this.state === "CompletingRebalance" && isUnchanged) return this.#joinAnswer(member);
    if (this.state === "Stable" && isUnchanged && memberId !== this.#leaderId) return this.#joinAnswer(member);
    member.protocols = request.protocols;
    member.sessionTimeoutMs = request.sessionTimeoutMs;
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    return this.#awaitRebalance(member);
  }

  /** Resolves when the leader has sent the assignments of the generation. */
  sync(
    memberId: string,
    instanceId: string | null,
    generation: number,
    assignments: Map<string, Buffer>,
  ): Promise<SyncAnswer> | SyncAnswer {
    const error = this.#checkGeneration(memberId, instanceId, generation);
    if (error !== kafkaError.NONE) return { error, assignment: EMPTY };
    const member = this.members.get(memberId)!;
    this.touch(member);
    if (this.state === "Stable") return { error: kafkaError.NONE, assignment: member.assignment };
    if (this.state === "PreparingRebalance") return { error: kafkaError.REBALANCE_IN_PROGRESS, assignment: EMPTY };
    return new Promise((resolve) => {
      member.answerSync?.({ error: kafkaError.REBALANCE_IN_PROGRESS, assignment: EMPTY });
      member.answerSync = resolve;
      if (memberId === this.#leaderId) this.#settle(assignments);
    });
  }

  heartbeat(memberId: string, instanceId: string | null, generation: number): KafkaErrorCode {
    const error = this.#checkGeneration(memberId, instanceId, generation);
    if (error !== kafkaError.NONE) return error;
    this.touch(this.members.get(memberId)!);
    return this.state === "PreparingRebalance" ? kafkaError.REBALANCE_IN_PROGRESS : kafkaError.NONE;
  }

  leave(memberId: string, instanceId: string | null): KafkaErrorCode {
    if (this.#withdrawPending(memberId)) {
      this.#completeJoinIfAllAreIn();
      return kafkaError.NONE;
    }
    const target = memberId === "" && instanceId !== null ? this.#memberOfInstance(instanceId)?.memberId : memberId;
    if (target === undefined) return kafkaError.UNKNOWN_MEMBER_ID;
    const error = this.checkMember(target, instanceId);
    if (error === kafkaError.NONE) this.#remove(this.members.get(target)!);
    return error;
  }

  /** UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another member has taken over the static identity. */
  checkMember(memberId: string, instanceId: string | null): KafkaErrorCode {
    if (instanceId !== null) {
      const holder = this.#memberOfInstance(instanceId);
      if (holder === undefined) return kafkaError.UNKNOWN_MEMBER_ID;
      if (holder.memberId !== memberId) return kafkaError.FENCED_INSTANCE_ID;
    }
    return this.members.has(memberId) ? kafkaError.NONE : kafkaError.UNKNOWN_MEMBER_ID;
  }

  /** Starts the member's session anew. A member whose Join or Sync is unanswered cannot expire: the broker owes it. */
  touch(member: Member): void {
    clearTimeout(member.sessionTimer);
    member.sessionTimer = setTimeout(() => {
      if (member.answerJoin === undefined && member.answerSync === undefined) this.#remove(member);
    }, member.sessionTimeoutMs);
  }

  /** Ends all timers; the group is not used afterwards. */
  close(): void {
    this.state = "Dead";
    clearTimeout(this.#rebalanceTimer);
    for (const timer of this.#pending.values()) clearTimeout(timer);
    for (const member of this.members.values()) clearTimeout(member.sessionTimer);
  }

  toRecord(): JournalRecord {
    return {
      kind: "group",
      group: this.id,
      generation: this.generation,
      protocolType: this.protocolType,
      protocol: this.protocol,
      leaderId: this.#leaderId,
      members: [...this.members.values()].map(memberToRow),
    };
  }

  /** Takes over a settled state from the journal. Sessions begin with `startSessions`, after the whole replay. */
  restore(record: Extract<JournalRecord, { kind: "group" }>): void {
    this.generation = record.generation;
    this.protocolType = record.protocolType;
    this.protocol = record.protocol;
    this.#leaderId = record.leaderId;
    this.members.clear();
    for (const row of record.members) this.members.set(row.memberId, memberFromRow(row));
    this.state = this.members.size === 0 ? "Empty" : "Stable";
  }

  startSessions(): void {
    for (const member of this.members.values()) this.touch(member);
  }

  #canSpeak({ protocolType, protocols, memberId }: JoinRequest): boolean {
    if (protocolType === "" || protocols.length === 0) return false;
    const others = [...this.members.values()].filter((member) => member.memberId !== memberId);
    if (others.length === 0) return true;
    if (protocolType !== this.protocolType) return false;
    return protocols.some(({ name }) =>
      others.every((other) => other.protocols.some((spoken) => spoken.name === name)),
    );
  }

  #joinFirst(request: JoinRequest): Promise<JoinAnswer> | JoinAnswer {
    const memberId = `${request.instanceId ?? request.clientId}-${randomUUID()}`;
    if (request.instanceId !== null) {
      const replaced = this.#memberOfInstance(request.instanceId);
      if (replaced !== undefined) this.#dismiss(replaced, kafkaError.FENCED_INSTANCE_ID);
      return this.#joinAsNew(memberId, request);
    }
    if (!request.mustKnowMemberId) return this.#joinAsNew(memberId, request);
    const withdraw = (): void => {
      this.#pending.delete(memberId);
      this.#completeJoinIfAllAreIn();
    };
    this.#pending.set(memberId, setTimeout(withdraw, request.sessionTimeoutMs));
    return joinError(kafkaError.MEMBER_ID_REQUIRED, memberId);
  }

  #joinAsNew(memberId: string, request: JoinRequest): Promise<JoinAnswer> {
    const { instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request;
    const member: Member = {
      ...{ memberId, instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols },
      assignment: EMPTY,
      answerJoin: undefined,
      answerSync: undefined,
      sessionTimer: undefined,
    };
    if (this.members.size === 0) this.protocolType = request.protocolType;
    this.members.set(memberId, member);
    return this.#awaitRebalance(member);
  }

  #awaitRebalance(member: Member): Promise<JoinAnswer> {
    return new Promise((resolve) => {
      member.answerJoin?.(joinError(kafkaError.REBALANCE_IN_PROGRESS, member.memberId));
      member.answerJoin = resolve;
      if (this.state === "PreparingRebalance") this.#completeJoinIfAllAreIn();
      else this.#prepareRebalance();
    });
  }

  #prepareRebalance(): void {
    this.state = "PreparingRebalance";
    for (const member of this.members.values()) {
      if (member.answerSync === undefined) continue;
      answerSync(member, { error: kafkaError.REBALANCE_IN_PROGRESS, assignment: EMPTY });
      this.touch(member);
    }
    this.#startRebalanceTimer(() => this.#expelThoseWho((member) => member.answerJoin === undefined));
    this.#completeJoinIfAllAreIn();
  }

  #completeJoinIfAllAreIn(): void {
    if (this.state !== "PreparingRebalance" || this.#pending.size > 0) return;
    for (const member of this.members.values()) if (member.answerJoin === undefined) return;
    this.#completeJoin();
  }

  /** The rebalance timeout: members that did not come back are out, the rest goes on without them. */
  #expelThoseWho(isLate: (member: Member) => boolean): void {
    const late = [...this.members.values()].filter(isLate);
    for (const member of late) this.#dismiss(member, kafkaError.UNKNOWN_MEMBER_ID);
    if (this.state === "PreparingRebalance") this.#completeJoin();
    else if (late.length > 0) this.#prepareRebalance();
  }

  #completeJoin(): void {
    clearTimeout(this.#rebalanceTimer);
    this.generation++;
    if (this.members.size === 0) {
      this.state = "Empty";
      this.protocol = null;
      this.#leaderId = null;
      this.#onSettled(this);
      return;
    }
    this.state = "CompletingRebalance";
    this.protocol = electProtocol(this.members.values()) ?? null;
    if (this.#leaderId === null || !this.members.has(this.#leaderId)) {
      this.#leaderId = this.members.keys().next().value ?? null;
    }
    for (const member of this.members.values()) {
      const answer = this.#joinAnswer(member);
      const send = member.answerJoin;
      member.answerJoin = undefined;
      this.touch(member);
      send?.(answer);
    }
    // A leader that heartbeats but never sends assignments would otherwise hold the group here for ever.
    this.#startRebalanceTimer(() => this.#expelThoseWho((member) => member.answerSync === undefined));
  }

  #settle(assignments: Map<string, Buffer>): void {
    clearTimeout(this.#rebalanceTimer);
    for (const member of this.members.values()) member.assignment = assignments.get(member.memberId) ?? EMPTY;
    this.state = "Stable";
    this.#onSettled(this); // durable before any member starts to work under the generation
    for (const member of this.members.values()) {
      answerSync(member, { error: kafkaError.NONE, assignment: member.assignment });
      this.touch(member);
    }
  }

  #joinAnswer(member: Member): JoinAnswer {
    const isLeader = member.memberId === this.#leaderId;
    const members = isLeader ? [...this.members.values()] : [];
    return {
      error: kafkaError.NONE,
      generation: this.generation,
      protocol: this.protocol ?? "",
      leaderId: this.#leaderId ?? "",
      memberId: member.memberId,
      members: members.map(({ memberId, instanceId, ...rest }) => ({
        memberId,
        instanceId,
        metadata: metadataUnder({ memberId, instanceId, ...rest }, this.protocol),
      })),
    };
  }

  #checkGeneration(memberId: string, instanceId: string | null, generation: number): KafkaErrorCode {
    const error = this.checkMember(memberId, instanceId);
    if (error !== kafkaError.NONE) return error;
    return generation === this.generation ? kafkaError.NONE : kafkaError.ILLEGAL_GENERATION;
  }

  #memberOfInstance(instanceId: string): Member | undefined {
    for (const member of this.members.values()) if (member.instanceId === instanceId) return member;
    return undefined;
  }

  #withdrawPending(memberId: string): boolean {
    clearTimeout(this.#pending.get(memberId));
    return this.#pending.delete(memberId);
  }

  #remove(member: Member): void {
    this.#dismiss(member, kafkaError.UNKNOWN_MEMBER_ID);
    if (this.state === "PreparingRebalance") this.#completeJoinIfAllAreIn();
    else this.#prepareRebalance();
  }

  #dismiss(member: Member, error: KafkaErrorCode): void {
    clearTimeout(member.sessionTimer);
    this.members.delete(member.memberId);
    member.answerJoin?.(joinError(error, member.memberId));
    answerSync(member, { error, assignment: EMPTY });
  }

  #startRebalanceTimer(onTimeout: () => void): void {
    clearTimeout(this.#rebalanceTimer);
    let timeoutMs = 0;
    for (const member of this.members.values()) timeoutMs = Math.max(timeoutMs, member.rebalanceTimeoutMs);
    this.#rebalanceTimer = setTimeout(onTimeout, timeoutMs);
  }
}

/** A JoinGroup answer that only carries an error. */
export function joinError(error: KafkaErrorCode, memberId: string): JoinAnswer {
  return { error, generation: -1, protocol: "", leaderId: "", memberId, members: [] };
}

function answerSync(member: Member, answer: SyncAnswer): void {
  const send = member.answerSync;
  member.answerSync = undefined;
  send?.(answer);
}
