import type { Command } from "commander";
import { type Environment, refuseHalfASetUp, refuseSecretsForEmbedded } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import { profilesHelp } from "../config/profiles.ts";
import { parseStartArguments, type StartArguments } from "../config/start-options.ts";
import { pipelineFileHelp } from "../schema/pipeline-help.ts";
import { addOptions } from "./add-options.ts";
import { addHelpAfter } from "./help-text.ts";
import { runStart } from "./start-run.ts";

/** `millrace start`: the ingester; with embedded servers and a simulator when no server is named. */
export function addStartCommand(program: Command, environment: Environment): void {
  const helpAfter = () => [profilesHelp(), pipelineFileHelp(), environmentHelp].join("\n\n");
  addHelpAfter(addOptions(program.command("start"), commandRows.start), helpAfter)
    .description("move records from Kafka into ClickHouse until stopped")
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
