import { ClickHouseError } from "@clickhouse/client";
import { causesOf } from "../../core/causes.ts";
import { HUNG_UP_TEXT } from "../connection-codes.ts";
import { insertErrors, LOGIN_REFUSED, RIGHT_MISSING } from "./insert-errors.ts";

/** One sentence, with what to do, for an answer that a person can mend: logins, rights, a wrong address. */
export function explainClickHouseError(error: unknown): string | undefined {
  return explainRefusal(error) ?? explainForeign(error);
}

const webPage = /<(?:!doctype|html|head|\?xml)[\s\S]*$/i;

/** The same text without the web page that a client has put into it. */
export function withoutWebPage(text: string): string {
  return text.replace(webPage, "a web page");
}

/** Something answers, and it is not ClickHouse. */
function explainForeign(error: unknown): string | undefined {
  const advice = "check CLICKHOUSE_URL: ClickHouse's HTTP interface has port 8123, or 8443 with https";
  for (const { name, message, code } of causesOf(error)) {
    if (webPage.test(message) || /^Unexpected token '<'/.test(message)) {
      const title = /<title>([^<]{1,80})/i.exec(message)?.[1];
      return `What answers is not ClickHouse but a web server${title === undefined ? "" : ` ("${title}")`}; ${advice}`;
    }
    // answer.ts, which has taken the page for its text.
    if (message.startsWith("the answer is not ClickHouse's")) return `${message}; ${advice}`;
    if (/There is no handle/.test(message)) {
      return (
        "ClickHouse knows no such path: leave out the path of CLICKHOUSE_URL. It is that of a proxy, never a " +
        "database; tables are named with theirs"
      );
    }
    if (/is for clickhouse-client program/.test(message) || /^HPE_/.test(String(code))) {
      return `What answers does not speak HTTP; ${advice}`;
    }
    if (message === HUNG_UP_TEXT) return `The other side closed the connection without an answer; ${advice}`;
    // A redirect, as the client reports it.
    if (name === "Error" && message === "")
      return `What answers gives an error without a text, such as a redirect; ${advice}`;
  }
  return undefined;
}

function explainRefusal(error: unknown): string | undefined {
  const found = causesOf(error).find((cause) => cause instanceof ClickHouseError);
  if (found === undefined) return undefined;
  const message = found.message.split("\n", 1)[0]!;
  const row = insertErrors.find(({ code }) => code === String(found.code));
  if (row?.reason === LOGIN_REFUSED) return `ClickHouse refused the login: ${row.remedy} (${message})`;
  if (row?.reason !== RIGHT_MISSING) return undefined;
  return `ClickHouse: the user lacks a right; sql/access has the users with what they need (${message})`;
}
