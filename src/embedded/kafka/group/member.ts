import type { KafkaErrorCode } from "../error-codes.ts";
import type { MemberRow } from "./journal.ts";

/** A protocol that a member can speak (an assignor, for consumers) and what it tells the leader under it. */
export interface MemberProtocol {
  name: string;
  metadata: Buffer;
}

export interface JoinAnswer {
  error: KafkaErrorCode;
  generation: number;
  protocol: string;
  leaderId: string;
  memberId: string;
  /** For the leader: everyone, with the metadata under the chosen protocol. Empty for the others. */
  members: { memberId: string; instanceId: string | null; metadata: Buffer }[];
}

export interface SyncAnswer {
  error: KafkaErrorCode;
  assignment: Buffer;
}

/** A member of a group. While a waiter is set, the member's JoinGroup or SyncGroup request is unanswered. */
export interface Member {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: MemberProtocol[];
  assignment: Buffer;
  answerJoin: ((answer: JoinAnswer) => void) | undefined;
  answerSync: ((answer: SyncAnswer) => void) | undefined;
  sessionTimer: NodeJS.Timeout | undefined;
}

const EMPTY = Buffer.alloc(0);

/** What the member said about itself under a protocol. */
export function metadataUnder(member: Member, protocol: string | null): Buffer {
  return member.protocols.find(({ name }) => name === protocol)?.metadata ?? EMPTY;
}

export function areProtocolsEqual(a: MemberProtocol[], b: MemberProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, index) => name === b[index]!.name && metadata.equals(b[index]!.metadata))
  );
}

/**
 * The protocol of a generation: every member votes for the first in its list that all of them speak; most votes win.
 * Undefined when there is none in common.
 */
export function electProtocol(members: Iterable<Member>): string | undefined {
  const lists = [...members].map((member) => member.protocols.map(({ name }) => name));
  const common = new Set((lists[0] ?? []).filter((name) => lists.every((list) => list.includes(name))));
  const votes = new Map<string, number>();
  for (const list of lists) {
    const choice = list.find((name) => common.has(name));
    if (choice !== undefined) votes.set(choice, (votes.get(choice) ?? 0) + 1);
  }
  let elected: string | undefined;
  for (const [name, count] of votes) {
    if (elected === undefined || count > votes.get(elected)!) elected = name;
  }
  return elected;
}

export function memberToRow(member: Member): MemberRow {
  const { memberId, instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs } = member;
  return {
    memberId,
    instanceId,
    clientId,
    clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocols: member.protocols.map(({ name, metadata }) => [name, metadata.toString("base64")]),
    assignment: member.assignment.toString("base64"),
  };
}

export function memberFromRow(row: MemberRow): Member {
  return {
    ...row,
    protocols: row.protocols.map(([name, metadata]) => ({ name, metadata: Buffer.from(metadata, "base64") })),
    assignment: Buffer.from(row.assignment, "base64"),
    answerJoin: undefined,
    answerSync: undefined,
    sessionTimer: undefined,
  };
}
