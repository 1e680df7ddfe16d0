import { type Command, Option } from "commander";
import { type Environment, refuseHalfASetUp, refuseSecretsForEmbedded } from "../config/environment.ts";
import { profileNames, profilesHelp } from "../config/profiles.ts";
import { parseStartArguments, type StartArguments } from "../config/start-options.ts";
import { defaultTranscoder, insertFormats, transcoderNames } from "../core/transcoding.ts";
import { pipelineFileHelp } from "../schema/pipeline-help.ts";
import { addHelpAfter } from "./help-text.ts";
import { runStart } from "./start-run.ts";

/** `millrace start`: the ingester; with embedded servers and a simulator when no server is named. */
export function addStartCommand(program: Command, environment: Environment): void {
  addHelpAfter(program.command("start"), () => [profilesHelp(), pipelineFileHelp(), environmentHelp].join("\n\n"))
    .description("move records from Kafka into ClickHouse until stopped")
    .addOption(
      new Option("--profile <name>", `how much is collected before an insert: ${profileNames.join(", ")}`).default(
        "mid",
      ),
    )
    .option(
      "--transcoder <name>",
      `how records become rows: ${transcoderNames.join(" or ")} (default: the profile's, else ${defaultTranscoder})`,
    )
    .option(
      "--insert-format <name>",
      `how rows go to ClickHouse: ${insertFormats.join(" or ")} (default: the profile's)`,
    )
    .option("--vcpus <n>", "vCPU budget that the profile is scaled to (default: what the machine has)")
    .option("--eps <n>", "events per second of the simulator (default: the profile's)")
    .option("--duration <time>", "stop the simulator after this time, then finish; e.g. 20s")
    .option("--until-end", "stop once every partition has reached the end that it had at the start")
    .option("--report <file>", "write the end report as JSON")
    .option("--topic <name...>", "topics to read into --table, mapped by column name")
    .option("--table <database.table>", "target of --topic")
    .option("--pipeline <name...>", "pipelines to run (default: events and dead-letters)")
    .option("--pipelines <dir>", "folder of pipeline files", "ops/pipelines")
    .option(
      "--group <id>",
      "consumer group (default: millrace.<table, or the pipelines' names in alphabetical order, joined by +>)",
    )
    .option("--from <where>", "where a partition without a committed offset begins: earliest or latest", "earliest")
    .option("--session-timeout <time>", "without a heartbeat for so long a member is dead to its group (default: 30s)")
    .option(
      "--fence <time>",
      "an insert that begins later than this after the last proof of ownership writes nothing",
      "10s",
    )
    .option(
      "--drain-timeout <time>",
      "from the signal to the end of the process, whatever does not answer; what is left then is read again (default: 30s)",
    )
    .option(
      "--unreadable-intents <policy>",
      "when the group's commit metadata is of another program: stop (default) or at-least-once",
    )
    .option(
      "--allow-duplicates",
      "begin also where a group without committed offsets finds rows of the same records in the table",
    )
    .option("--survive <time>", "the longest outage that deduplication windows are judged by (default: 24h)")
    .option("--require <guarantee>", "exactly-once: refuse to start when the set-up gives less")
    .option("--dead-letter-topic <name>", "Kafka topic that gets each dead letter as JSON too")
    .option("--simulate", "make events, into the servers that are named; with the embedded ones it is the default")
    .option("--no-simulator", "make no events")
    .option("--fresh", "delete the data of the embedded servers first")
    .option("--json", "print the end report as JSON")
    .option("--compression <codec>", "simulator: none, gzip, snappy, lz4 or zstd")
    .option("--seed <n>", "simulator: seed of its random numbers")
    .option("--bad-rate <share>", "simulator: share of broken documents, 0 to 1")
    .action((typed: StartArguments) => {
      refuseSecretsForEmbedded(environment);
      refuseHalfASetUp(environment);
      return runStart(environment, parseStartArguments(typed, { areEmbedded: environment.kafkaBrokers === undefined }));
    });
}

const environmentHelp = `Environment:
  KAFKA_BROKERS         host:port,… of a real Kafka, with CLICKHOUSE_URL; without both embedded servers are started
  CLICKHOUSE_URL        http(s)://host:port of a real ClickHouse
  CLICKHOUSE_USER, CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE
  CLICKHOUSE_CA_FILE    authority of an https server; CLICKHOUSE_CERT_FILE, CLICKHOUSE_KEY_FILE: log in by certificate
  KAFKA_SSL             true: TLS, with KAFKA_SSL_CA_FILE, KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE and KAFKA_SSL_KEY_PASSPHRASE_FILE as needed
  KAFKA_SASL_MECHANISM  PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, with KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE
  MILLRACE_DATABASE     database of Millrace's own tables, and of those of the built-in pipelines (default analytics)
  MILLRACE_DIR          data of the embedded servers (default .millrace)
  MILLRACE_LOG_LEVEL    trace, debug, info, warn, error, silent (default info)`;
