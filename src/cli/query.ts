import { pipeline } from "node:stream/promises";
import { ClickHouseError, type DataFormat } from "@clickhouse/client";
import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { MillraceError } from "../core/errors.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { addOptions } from "./add-options.ts";
import { unlessReaderGone } from "./output.ts";

type QueryArguments = TypedOptions<typeof commandRows.query>;

/** `millrace query`: SQL for the ClickHouse that the other commands use, the running demo's included. */
export function addQueryCommand(program: Command, environment: Environment): void {
  addOptions(program.command("query"), commandRows.query)
    .description("run one SQL statement in ClickHouse and print what it returns")
    .argument("<sql>", "for example: SELECT service, count() FROM analytics.fact_event GROUP BY service")
    .action((sql: string, typed: QueryArguments) => runQuery(environment, sql, typed));
}

async function runQuery(environment: Environment, sql: string, typed: QueryArguments): Promise<void> {
  const { json, format } = readOptions(commandRows.query, typed);
  if (json && format !== undefined) {
    throw new MillraceError("E_CONFIG", "--json and --format both choose the output: give one of them");
  }
  const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
  try {
    const { stream } = await client.exec({
      query: sql,
      clickhouse_settings: {
        // A FORMAT in the statement itself goes first.
        default_format: (format ?? (json ? "JSONEachRow" : "PrettyCompactMonoBlock")) as DataFormat,
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
