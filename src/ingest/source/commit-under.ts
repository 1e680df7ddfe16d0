import { StaleOwner } from "../../core/stale-owner.ts";
import { byTopic } from "./by-topic.ts";
import { type CommitFields, encodeCommit } from "./encode-commit.ts";
import { isStale, readCommittedAt } from "./group-start.ts";
import type { Broker, ConsumerGroup } from "./kafkajs-methods.ts";
import type { Member } from "./member-state.ts";
import type { Membership } from "./membership.ts";

/** Whether a broker said so, rather than the connection to it. */
function isAnswer(error: unknown): boolean {
  return (error as { name?: string }).name === "KafkaJSProtocolError";
}

/** What brokers since 2.1 speak. */
const OWN_VERSION = 5;

/**
 * The broker for one commit that is checked in the last moment: kafkajs may connect and log in again before it encodes.
 */
function checked(broker: Broker, check: () => void): Broker {
  const lookupRequest: Broker["lookupRequest"] = (apiKey, definition) => {
    const protocolOf = broker.lookupRequest(apiKey, definition);
    return (fields) => {
      const protocol = protocolOf(fields);
      const encode = async () => {
        check();
        if (protocol.request.apiVersion !== OWN_VERSION) return protocol.request.encode();
        return encodeCommit(fields as CommitFields);
      };
      return { ...protocol, request: { ...protocol.request, encode } };
    };
  };
  return Object.create(broker, { lookupRequest: { value: lookupRequest } }) as Broker;
}

/**
 * How a commit of the present generation is made.
 *
 * Kafka numbers no commits: of two, the one that it comes to last counts. So the next is sent when the one before is
 * answered, and never behind one that was sent and not answered, because its connection broke: a proxy, or a broker that
 * stood still, may yet deliver it, and a row of the ranges that only the later one announced would be doubled at the next
 * crash. The member joins anew instead, after which its old generation counts for nothing.
 *
 * `onOver`: the coordinator refused a commit, or did not answer. kafkajs would hear of the first by a heartbeat, in time, and
 * of the second not at all.
 */
export function commitUnder(
  group: ConsumerGroup,
  member: Member,
  onOver: () => void,
): Pick<Membership, "commit" | "readGroupCommits"> {
  const { groupId, generationId: groupGenerationId, memberId, cluster } = group;
  let coordinator: Broker | undefined;
  /**
   * The broker that has acknowledged the last commit. One that a look-up names may have been the coordinator before, and not
   * know what was committed since.
   */
  let proven: Broker | undefined;
  const commit: Membership["commit"] = async (offsets, check) => {
    const partitions = offsets.map(({ offset, ...rest }) => ({ ...rest, offset: String(offset) }));
    const request = { groupId, groupGenerationId, memberId, topics: byTopic(partitions) };
    let isSent = false;
    const send = () => {
      check();
      isSent = true;
    };
    try {
      if (coordinator?.isConnected() !== true) coordinator = await cluster.findGroupCoordinator({ groupId });
      const { failed } = await checked(coordinator, send).offsetCommit(request);
      // Of partitions that it does not know a broker says so without a look at the generation.
      if (failed.length < offsets.length) proven = coordinator;
      if (failed.length > 0) member.watch?.askToRejoin();
      return failed;
    } catch (error) {
      // It may have moved to another broker.
      coordinator = undefined;
      proven = undefined;
      if (error instanceof StaleOwner || !(isStale(error) || (isSent && !isAnswer(error)))) throw error;
      onOver();
      const fate = isStale(error) ? "was refused by the coordinator" : "was not answered";
      throw new StaleOwner(`a commit of generation ${groupGenerationId} ${fate}`, { cause: error });
    }
  };
  return {
    commit,
    async readGroupCommits() {
      if (proven === undefined)
        throw new Error("Cannot read the group's commits: no broker is known to have the last ones");
      return readCommittedAt(proven, groupId);
    },
  };
}
