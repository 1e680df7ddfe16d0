import { pipeline } from "node:stream/promises";
import { ClickHouseError, type DataFormat } from "@clickhouse/client";
import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { MillraceError } from "../core/errors.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { unlessReaderGone } from "./output.ts";

interface QueryOptions {
  json?: boolean;
  format?: string;
}

/** `millrace query`: SQL for the ClickHouse that the other commands use, the running demo's included. */
export function addQueryCommand(program: Command, environment: Environment): void {
  program
    .command("query")
    .description("run one SQL statement in ClickHouse and print what it returns")
    .argument("<sql>", "for example: SELECT service, count() FROM analytics.fact_event GROUP BY service")
    .option("--json", "print JSON, one object a line")
    .option("--format <name>", "any output format of ClickHouse, such as CSVWithNames (default: a table)")
    .action((sql: string, options: QueryOptions) => runQuery(environment, sql, options));
}

async function runQuery(environment: Environment, sql: string, { json, format }: QueryOptions): Promise<void> {
  if (json === true && format !== undefined) {
    throw new MillraceError("E_CONFIG", "--json and --format both choose the output: give one of them");
  }
  if (format !== undefined && !/^\w+$/.test(format)) {
    throw new MillraceError("E_CONFIG", `--format ${format}: must be the name of a format, such as CSVWithNames`);
  }
  const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
  try {
    const { stream } = await client.exec({
      query: sql,
      clickhouse_settings: {
        // A FORMAT in the statement itself goes first.
        default_format: (format ?? (json === true ? "JSONEachRow" : "PrettyCompactMonoBlock")) as DataFormat,
        output_format_pretty_color: 0,
        output_format_pretty_row_numbers: 0,
        output_format_pretty_max_value_width_apply_for_single_value: 0,
        // An error in the middle of the answer would else come after rows, with the status of success.
        wait_end_of_query: 1,
      },
    });
    await pipeline(stream, process.stdout, { end: false }).catch(unlessReaderGone);
  } catch (error) {
    if (!(error instanceof ClickHouseError)) throw error;
    throw new MillraceError("E_CLICKHOUSE", refusalOf(error), { cause: error });
  } finally {
    await client.close();
  }
}

/** The parser's list of everything that could stand there is longer than the screen. */
const EXPECTED_CHARS_MAX = 120;

function refusalOf({ message, type }: ClickHouseError): string {
  const [said = "", expected = ""] = message.trim().split(/(?<=\.) (?=Expected one of: )/);
  const hint = expected.length > EXPECTED_CHARS_MAX ? "" : ` ${expected}`;
  return `${said}${hint}`.trimEnd().concat(type === undefined ? "" : ` (${type})`);
}
