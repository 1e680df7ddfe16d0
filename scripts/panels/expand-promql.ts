import type { Surroundings } from "./expand-sql.ts";

/**
 * The PromQL that Grafana sends for a panel's. The rate interval is four scrapes or more, as Grafana makes it.
 *
 * @throws Error for a variable that is not known.
 */
export function expandPromql(promql: string, { chosen }: Surroundings, rateIntervalS: number): string {
  return promql.replace(/\$\{?(\w+)\}?/g, (_, name: string) => {
    if (name === "__rate_interval") return `${rateIntervalS}s`;
    const values = chosen[name];
    if (values === undefined) throw new Error(`the dashboard has no variable ${name}`);
    return values === "all" ? ".+" : values.join("|");
  });
}
