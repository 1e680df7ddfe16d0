/**
 * What to do about an error of the Kafka client.
 * - `retry`: a state of the broker or the network that passes: the same request again, after a pause.
 * - `rejoin`: this member is not the owner any more, or its group has moved on: let go of its ranges, join again.
 * - `reset`: the offset that was asked for is not in the log: offsets are lost, which has to be told, never skipped.
 * - `fatal`: no retry can help: stop, and say what to do.
 */
export type KafkaErrorClass = "retry" | "rejoin" | "reset" | "fatal";

/** One row of the table of error classes. */
export interface KafkaErrorRow {
  /** The `type` of a protocol error, or the `name` of an error that kafkajs itself makes. */
  name: string;
  class: KafkaErrorClass;
  /** Why this class. */
  reason: string;
  /** What a person should do; "" when it passes by itself. */
  remedy: string;
}

type Row = [name: string, reason: string, remedy?: string];

const rows = (errorClass: KafkaErrorClass, list: Row[]): KafkaErrorRow[] =>
  list.map(([name, reason, remedy]) => ({ name, class: errorClass, reason, remedy: remedy ?? "" }));

const election = "a leader or coordinator is being elected, or has moved";
const network = "the connection, not the request";
const acl = "allow it with kafka-acls.sh, or use another user";
const login = "check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD";

/** The reason of an error that says that the login was refused. */
export const LOGIN_REFUSED = "credentials";

/** Errors of kafkajs, by name, that say that there is no connection; and those that say that a broker is not there. */
export const connectionErrorNames: ReadonlySet<string> = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
]);
export const brokerAwayNames: ReadonlySet<string> = new Set([...connectionErrorNames, "KafkaJSRequestTimeoutError"]);

/** Whether the broker refused it for want of a right: by the `type` of a protocol error. */
export function isDenial(type: unknown): boolean {
  return /_AUTHORIZATION_FAILED$/.test(String(type));
}
const bug = "this member sent what no member should send: report it, with the log";

/**
 * Protocol error types as kafkajs names them (https://kafka.apache.org/protocol#protocol_error_codes), and its own
 * errors. What a consumer group cannot meet (transactions, reassignment, delegation tokens, topic administration) is not
 * here.
 */
export const kafkaErrors: readonly KafkaErrorRow[] = [
  ...rows("retry", [
    ["UNKNOWN", "the broker does not know itself"],
    ["CORRUPT_MESSAGE", "a checksum failed on the way; if it stays, a disk of the broker is broken", "check the disks"],
    ["LEADER_NOT_AVAILABLE", election],
    ["NOT_LEADER_FOR_PARTITION", election],
    ["REPLICA_NOT_AVAILABLE", election],
    ["BROKER_NOT_AVAILABLE", election],
    [
      "UNKNOWN_TOPIC_OR_PARTITION",
      "a broker that has just started does not know its topics yet; if it stays, the topic was deleted",
      "see `millrace topics plan`",
    ],
    ["PREFERRED_LEADER_NOT_AVAILABLE", election],
    ["FENCED_LEADER_EPOCH", election],
    ["UNKNOWN_LEADER_EPOCH", election],
    ["GROUP_LOAD_IN_PROGRESS", election],
    ["GROUP_COORDINATOR_NOT_AVAILABLE", election],
    ["NOT_COORDINATOR_FOR_GROUP", election],
    ["OFFSET_NOT_AVAILABLE", "a new leader does not know its high-water mark yet"],
    ["UNSTABLE_OFFSET_COMMIT", "a transaction that commits offsets of this group is open"],
    ["REQUEST_TIMED_OUT", "the broker waited in vain for its replicas"],
    ["NETWORK_EXCEPTION", network],
    ["KAFKA_STORAGE_ERROR", "a log folder of the broker has failed; another replica takes over", "check the disks"],
    ["FETCH_SESSION_ID_NOT_FOUND", "the broker has forgotten the fetch session; a new one begins"],
    ["INVALID_FETCH_SESSION_EPOCH", "the fetch session is out of step; a new one begins"],
    ["STALE_BROKER_EPOCH", election],
    ["NOT_CONTROLLER", election],
    ["LISTENER_NOT_FOUND", "the leader does not listen here yet"],
    ["NOT_ENOUGH_REPLICAS", "replicas are away; the leader takes nothing without them"],
    ["NOT_ENOUGH_REPLICAS_AFTER_APPEND", "replicas went away while a record was written"],
    ["OUT_OF_ORDER_SEQUENCE_NUMBER", "a producer's numbers are lost: a new one begins"],
    ["UNKNOWN_PRODUCER_ID", "the broker has forgotten the producer: a new one begins"],
    ["INVALID_PRODUCER_EPOCH", "the broker knows a newer producer of this id: a new one begins"],
    ...[...brokerAwayNames].map((name): Row => [name, network]),
    ["KafkaJSBrokerNotFound", "the broker that was to be asked is not in the metadata: it is gone, or not yet back"],
    ["KafkaJSMetadataNotLoaded", "the metadata has to be fetched first"],
    ["KafkaJSTopicMetadataNotLoaded", "the metadata has to be fetched first"],
    ["KafkaJSStaleTopicMetadataAssignment", "the topic has got partitions since: the next rebalance gives them out"],
    ["KafkaJSGroupCoordinatorNotFound", election],
    ["KafkaJSNoBrokerAvailableError", "no broker answers", "check KAFKA_BROKERS and the brokers"],
    ["KafkaJSLockTimeout", "a request of our own holds the connection"],
    ["KafkaJSTimeout", network],
  ]),
  ...rows("rejoin", [
    ["ILLEGAL_GENERATION", "the group has had a rebalance since: another member may own the partition"],
    ["UNKNOWN_MEMBER_ID", "the group has put this member out, mostly for missing heartbeats"],
    ["REBALANCE_IN_PROGRESS", "the group is being put together anew"],
    ["MEMBER_ID_REQUIRED", "the coordinator has given an id to join with"],
    ["FENCED_INSTANCE_ID", "another member has joined under the same static id"],
    ["KafkaJSMemberIdRequired", "the coordinator has given an id to join with"],
    ["KafkaJSFetcherRebalanceError", "the group is being put together anew"],
  ]),
  ...rows("reset", [
    [
      "OFFSET_OUT_OF_RANGE",
      "the log does not begin that early any more (retention), or does not reach that far (topic made anew)",
      "see `millrace offsets show`; then `millrace offsets reset`, and a longer retention.ms",
    ],
    [
      "KafkaJSOffsetOutOfRange",
      "the log does not begin that early any more (retention), or does not reach that far (topic made anew)",
      "see `millrace offsets show`; then `millrace offsets reset`, and a longer retention.ms",
    ],
  ]),
  ...rows("fatal", [
    ["INVALID_TOPIC_EXCEPTION", "no topic can have this name", "check the pipeline's topics"],
    ["TOPIC_AUTHORIZATION_FAILED", "the user may not read the topic", `READ and DESCRIBE on the topic: ${acl}`],
    ["GROUP_AUTHORIZATION_FAILED", "the user may not join the group", `READ on the group: ${acl}`],
    ["CLUSTER_AUTHORIZATION_FAILED", "the user may not do this in the cluster", acl],
    ["SASL_AUTHENTICATION_FAILED", LOGIN_REFUSED, login],
    ["UNSUPPORTED_SASL_MECHANISM", "credentials: the broker does not offer this mechanism", login],
    [
      "ILLEGAL_SASL_STATE",
      "credentials: the broker did not expect a login here",
      "check the listener and its protocol",
    ],
    ["KafkaJSSASLAuthenticationError", LOGIN_REFUSED, login],
    ["SECURITY_DISABLED", "the broker has no security set up", "connect without credentials"],
    [
      "OFFSET_METADATA_TOO_LARGE",
      "the intents do not fit into the commit: the broker allows less than Kafka's default of 4,096 bytes",
      "set offset.metadata.max.bytes to 4096 or more on the brokers",
    ],
    ["INVALID_COMMIT_OFFSET_SIZE", "a commit of a size that the broker does not take", "lower the number of topics"],
    ["INVALID_SESSION_TIMEOUT", "the broker has other bounds", "see group.min.session.timeout.ms and …max…"],
    ["INVALID_GROUP_ID", "no group can have this name", "check --group"],
    [
      "INCONSISTENT_GROUP_PROTOCOL",
      "members of another kind are in the group: another program, or other assigners",
      "use a group of Millrace's own",
    ],
    ["GROUP_MAX_SIZE_REACHED", "the group is full", "raise group.max.size, or run fewer instances"],
    ["UNSUPPORTED_VERSION", "the broker does not know the request in this version", "use Kafka 2.1 or newer"],
    ["UNSUPPORTED_FOR_MESSAGE_FORMAT", "the topic keeps an old record format", "set log.message.format.version anew"],
    ["UNSUPPORTED_COMPRESSION_TYPE", "the broker and the topic's codec do not go together", "update the broker"],
    ["MESSAGE_TOO_LARGE", "a record is larger than the topic takes", "raise max.message.bytes of the topic"],
    ["RECORD_LIST_TOO_LARGE", "records are larger than the topic takes", "raise max.message.bytes of the topic"],
    ["INVALID_RECORD", "the topic's rules do not take the record", "see the log of the broker; use another topic"],
    ["INVALID_REQUEST", bug, bug],
    ["INVALID_FETCH_SIZE", bug, bug],
    ["KafkaJSServerDoesNotSupportApiKey", "the broker does not know the request", "use Kafka 2.1 or newer"],
    ["KafkaJSUnsupportedMagicByteInMessageSet", "the topic holds records of before Kafka 0.11", "copy them anew"],
    ["KafkaJSNotImplemented", "the client cannot do it: mostly a compression codec", "see the README's codecs"],
    ["KafkaJSInvariantViolation", bug, bug],
  ]),
];

const byName = new Map(kafkaErrors.map((row) => [row.name, row]));

/** What the table says of one error, not of its causes. */
export function kafkaErrorRow({ type, name }: { type?: unknown; name?: unknown }): KafkaErrorRow | undefined {
  return byName.get(String(type)) ?? byName.get(String(name));
}

/** Looks through causes: kafkajs wraps the error that counts when it has given up repeating the request. */
const DEPTH_MAX = 8;

/**
 * Classifies by the `type` of a protocol error or the `name` of an error of the client's own, never by text.
 *
 * Only what is named is fatal; anything else is tried again. What kafkajs says of an error (`retriable`) is about its own
 * request, not about a consumer that begins anew: when it has given a rebalance up after its repeats, the error neither
 * is retriable nor has the type any more.
 */
export function classifyKafkaError(error: unknown): KafkaErrorRow {
  let current = error;
  for (let depth = 0; depth < DEPTH_MAX && typeof current === "object" && current !== null; depth += 1) {
    const { type, name, cause, errors } = current as Record<"type" | "name" | "cause" | "errors", unknown>;
    const row = kafkaErrorRow({ type, name });
    if (row !== undefined) return row;
    current = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  const { name = "unknown" } = Object(error) as { name?: string };
  return { name, class: "retry", reason: "Millrace does not know this error", remedy: "" };
}
