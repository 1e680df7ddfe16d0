import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { kafkaError } from "../error-codes.ts";
import { GroupCoordinator } from "./coordinator.ts";
import type { JoinRequest } from "./group.ts";
import type { OffsetRow } from "./journal.ts";
import type { JoinAnswer } from "./member.ts";

const REBALANCE_MS = 5000;
const SESSION_MS = 1000;
let dataDir: string;
let groups: GroupCoordinator;

beforeEach(() => {
  vi.useFakeTimers();
  dataDir = mkdtempSync(join(tmpdir(), "millrace-groups-"));
  groups = new GroupCoordinator(dataDir);
});

afterEach(() => {
  groups.close();
  vi.useRealTimers();
  rmSync(dataDir, { recursive: true, force: true });
});

function request(memberId = "", changes: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId,
    instanceId: null,
    clientId: "c",
    clientHost: "/127.0.0.1",
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
    protocolType: "consumer",
    protocols: [{ name: "range", metadata: Buffer.from(memberId) }],
    mustKnowMemberId: false,
    ...changes,
  };
}

/** One member, Stable in generation 1. */
async function soleMember(): Promise<string> {
  const { memberId, generation } = await groups.join("g", request());
  await groups.sync("g", memberId, null, generation, new Map([[memberId, Buffer.from("all")]]));
  return memberId;
}

/** A second member wants to join: PreparingRebalance until the first joins again or its time is up. */
function secondJoins(): Promise<JoinAnswer> {
  return Promise.resolve(groups.join("g", request()));
}

function row(offset: number, metadata = ""): OffsetRow {
  return ["t", 0, offset, -1, metadata, 0];
}

function reopen(): void {
  groups.close();
  groups = new GroupCoordinator(dataDir);
}

describe("GroupCoordinator", () => {
  it("makes a first-time member join again with the id that it was given", async () => {
    const first = await groups.join("g", request("", { mustKnowMemberId: true }));
    expect(first.error).toBe(kafkaError.MEMBER_ID_REQUIRED);
    const second = await groups.join("g", request(first.memberId, { mustKnowMemberId: true }));
    expect(second).toMatchObject({ error: 0, generation: 1, leaderId: first.memberId, protocol: "range" });
    expect((await groups.join("g", request("made-up"))).error).toBe(kafkaError.UNKNOWN_MEMBER_ID);
  });

  it("checks commits by member, generation and state", async () => {
    expect(groups.checkCommit("g", "", null, -1)).toBe(kafkaError.NONE);
    expect(groups.checkCommit("g", "m", null, 1)).toBe(kafkaError.ILLEGAL_GENERATION);
    const first = await soleMember();
    expect(groups.checkCommit("g", first, null, 1)).toBe(kafkaError.NONE);
    expect(groups.checkCommit("g", first, null, 0)).toBe(kafkaError.ILLEGAL_GENERATION);
    expect(groups.checkCommit("g", "made-up", null, 1)).toBe(kafkaError.UNKNOWN_MEMBER_ID);
    expect(groups.checkCommit("g", "", null, -1)).toBe(kafkaError.UNKNOWN_MEMBER_ID);

    const joining = secondJoins();
    expect(groups.heartbeat("g", first, null, 1)).toBe(kafkaError.REBALANCE_IN_PROGRESS);
    expect(groups.checkCommit("g", first, null, 1)).toBe(kafkaError.NONE); // last chance before it joins again
    await Promise.all([joining, groups.join("g", request(first))]);
    expect(groups.get("g")!.state).toBe("CompletingRebalance");
    expect(groups.checkCommit("g", first, null, 1)).toBe(kafkaError.ILLEGAL_GENERATION);
    expect(groups.checkCommit("g", first, null, 2)).toBe(kafkaError.REBALANCE_IN_PROGRESS);
  });

  it("goes on without a member that does not join again in time", async () => {
    const first = await soleMember();
    const joining = secondJoins();
    for (let passedMs = 0; passedMs < REBALANCE_MS; passedMs += 500) {
      groups.heartbeat("g", first, null, 1); // alive, but it never joins
      await vi.advanceTimersByTimeAsync(500);
    }
    const answer = await joining;
    expect(answer).toMatchObject({ error: 0, generation: 2, leaderId: answer.memberId });
    expect(groups.heartbeat("g", first, null, 1)).toBe(kafkaError.UNKNOWN_MEMBER_ID);
  });

  it("expires a silent member and empties the group", async () => {
    const first = await soleMember();
    await vi.advanceTimersByTimeAsync(SESSION_MS - 1);
    expect(groups.heartbeat("g", first, null, 1)).toBe(kafkaError.NONE);
    await vi.advanceTimersByTimeAsync(SESSION_MS);
    expect(groups.get("g")).toMatchObject({ state: "Empty", generation: 2 });
    expect(groups.heartbeat("g", first, null, 1)).toBe(kafkaError.UNKNOWN_MEMBER_ID);
  });

  it("rebalances when the leader heartbeats but never sends assignments", async () => {
    const { memberId } = await groups.join("g", request());
    for (let passedMs = 0; passedMs < REBALANCE_MS; passedMs += 500) {
      groups.heartbeat("g", memberId, null, 1);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(groups.get("g")!.state).toBe("Empty");
  });

  it("refuses a member that shares no protocol, and elects the one that all speak", async () => {
    const both = [
      { name: "range", metadata: Buffer.alloc(0) },
      { name: "roundrobin", metadata: Buffer.alloc(0) },
    ];
    const { memberId } = await groups.join("g", request("", { protocols: both }));
    await groups.sync("g", memberId, null, 1, new Map());
    const stranger = await groups.join(
      "g",
      request("", { protocols: [{ name: "sticky", metadata: Buffer.alloc(0) }] }),
    );
    expect(stranger.error).toBe(kafkaError.INCONSISTENT_GROUP_PROTOCOL);
    const joining = groups.join("g", request("", { protocols: [both[1]!] }));
    const [first, second] = await Promise.all([groups.join("g", request(memberId, { protocols: both })), joining]);
    expect([first.protocol, second.protocol]).toEqual(["roundrobin", "roundrobin"]);
    expect([first.members.length, second.members.length]).toEqual([2, 0]);
  });

  it("fences the old holder of a static identity", async () => {
    const old = await groups.join("g", request("", { instanceId: "i" }));
    await groups.sync("g", old.memberId, "i", 1, new Map());
    const taken = await groups.join("g", request("", { instanceId: "i" }));
    expect(taken.error).toBe(kafkaError.NONE);
    expect(groups.heartbeat("g", old.memberId, "i", 1)).toBe(kafkaError.FENCED_INSTANCE_ID);
  });

  it("lets a member go on in its generation after a restart, and keeps offsets with metadata", async () => {
    const member = await soleMember();
    groups.commit("g", [row(5, "α\n")]);
    reopen();
    expect(groups.heartbeat("g", member, null, 1)).toBe(kafkaError.NONE);
    expect((await groups.sync("g", member, null, 1, new Map())).assignment.toString()).toBe("all");
    expect(groups.get("g")!.offsets.get("t", 0)).toMatchObject({ offset: 5, metadata: "α\n" });
    await vi.advanceTimersByTimeAsync(SESSION_MS);
    expect(groups.get("g")!.state).toBe("Empty");
  });

  it("drops a torn last line of its journal and goes on", () => {
    groups.commit("g", [row(5)]);
    groups.close();
    appendFileSync(join(dataDir, "groups.jsonl"), '{"kind":"offsets","group":"g","ro');
    groups = new GroupCoordinator(dataDir);
    expect(groups.get("g")!.offsets.get("t", 0)?.offset).toBe(5);
    groups.commit("g", [row(6)]);
    reopen();
    expect(groups.get("g")!.offsets.get("t", 0)?.offset).toBe(6);
  });

  it("keeps the journal short however many commits there are", () => {
    const metadata = "x".repeat(4096);
    for (let offset = 0; offset < 5000; offset++) groups.commit("g", [row(offset, metadata)]);
    expect(readFileSync(join(dataDir, "groups.jsonl")).length).toBeLessThan(9 * 1024 * 1024);
    reopen();
    expect(groups.get("g")!.offsets.get("t", 0)?.offset).toBe(4999);
  });

  it("forgets deleted groups and topics, also after a restart", () => {
    groups.commit("g", [row(1)]);
    groups.commit("h", [row(2)]);
    expect(groups.delete("g")).toBe(kafkaError.NONE);
    expect(groups.delete("g")).toBe(kafkaError.GROUP_ID_NOT_FOUND);
    groups.forgetTopic("t");
    reopen();
    expect(groups.get("g")).toBeUndefined();
    expect(groups.get("h")!.offsets.all()).toEqual([]);
  });
});
