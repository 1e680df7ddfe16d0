/** One row of the topic options: type by the codes of DescribeConfigs, and Kafka's default. */
export interface TopicOption {
  name: string;
  /** CONFIG type codes of the protocol: 1 boolean, 2 string, 3 int, 5 long, 7 list. */
  type: 1 | 2 | 3 | 5 | 7;
  defaultValue: string;
  /** Values accepted; absent means any that parses as the type. */
  allowed?: readonly string[];
}

const INT = 3;
const LONG = 5;

/**
 * Topic options that can be set. `max.message.bytes` and `segment.bytes` take effect; retention options are kept and
 * shown so that the same set-up scripts run here and on a real cluster, but nothing is ever deleted.
 */
export const topicOptions: readonly TopicOption[] = [
  { name: "cleanup.policy", type: 7, defaultValue: "delete", allowed: ["delete"] },
  { name: "compression.type", type: 2, defaultValue: "producer", allowed: ["producer"] },
  { name: "flush.messages", type: LONG, defaultValue: "9223372036854775807" },
  { name: "flush.ms", type: LONG, defaultValue: "9223372036854775807" },
  { name: "max.message.bytes", type: INT, defaultValue: "1048588" },
  { name: "message.timestamp.type", type: 2, defaultValue: "CreateTime", allowed: ["CreateTime"] },
  { name: "min.insync.replicas", type: INT, defaultValue: "1" },
  { name: "retention.bytes", type: LONG, defaultValue: "-1" },
  { name: "retention.ms", type: LONG, defaultValue: "-1" },
  { name: "segment.bytes", type: INT, defaultValue: "268435456" },
  { name: "segment.ms", type: LONG, defaultValue: "9223372036854775807" },
  { name: "unclean.leader.election.enable", type: 1, defaultValue: "false" },
];

const optionsByName = new Map(topicOptions.map((option) => [option.name, option]));

/** Says what is wrong with a topic option, or undefined when it can be stored. */
export function topicOptionProblem(name: string, value: string | null): string | undefined {
  const option = optionsByName.get(name);
  if (option === undefined) return `The embedded broker does not know the topic option ${name}`;
  if (value === null) return `The topic option ${name} needs a value`;
  if (option.allowed !== undefined && !option.allowed.includes(value)) {
    return `The embedded broker supports only ${option.allowed.join(", ")} for ${name}, not ${value}`;
  }
  if ((option.type === INT || option.type === LONG) && !/^-?\d+$/.test(value)) {
    return `The topic option ${name} is an integer, not ${value}`;
  }
  return undefined;
}

/** The value in force: the topic's own or the default. */
export function topicOptionNumber(configs: Readonly<Record<string, string>>, name: string): number {
  return Number(configs[name] ?? optionsByName.get(name)!.defaultValue);
}
