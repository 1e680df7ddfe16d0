import type { ClickHouseClient } from "@clickhouse/client";
import { MillraceError } from "../../core/errors.ts";

interface Answer {
  executed?: boolean;
  response_headers: Record<string, unknown>;
  stream?: { destroy(): void };
  close?(): void;
}

interface Params {
  ignore_error_response?: boolean;
}

/**
 * The same client, which takes answers from ClickHouse alone. A login page or a proxy's notice comes with status 200: for
 * a query it would be an empty result, for an insert an acknowledgement of rows that nobody has.
 *
 * Requests with `ignore_error_response` have their answers judged by who sent them (src/clients/clickhouse/answer.ts): there the status
 * decides whether the request is repeated.
 */
export function takeAnswersOfClickHouse(client: ClickHouseClient): ClickHouseClient {
  for (const name of ["query", "command", "exec", "insert"] as const) {
    const request = client[name].bind(client) as unknown as (params: Params) => Promise<Answer>;
    const checked = async (params: Params) => {
      const answer = await request(params);
      return params.ignore_error_response === true ? answer : checkAnswer(answer);
    };
    Object.assign(client, { [name]: checked });
  }
  return client;
}

function checkAnswer(answer: Answer): Answer {
  // ClickHouse names the query in each of its answers. An insert without rows is not sent.
  if (answer.executed === false || answer.response_headers["x-clickhouse-query-id"] !== undefined) return answer;
  // A query's answer has a method `stream` and closes itself.
  if (answer.close !== undefined) answer.close();
  else answer.stream?.destroy();
  throw new MillraceError(
    "E_CLICKHOUSE",
    "What answers is not ClickHouse, but perhaps a web server or a proxy: check CLICKHOUSE_URL (ClickHouse's HTTP " +
      "interface has port 8123, or 8443 with https). A proxy must pass on the header X-ClickHouse-Query-Id.",
  );
}
