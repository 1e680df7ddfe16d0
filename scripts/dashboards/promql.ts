/** The instances that are chosen above the dashboard. */
export const chosen = 'instance=~"$instance"';

/** By the second, over the shortest time that Prometheus' scrapes allow. */
export const perSecond = (metric: string, labels = ""): string =>
  `rate(${metric}{${labels === "" ? chosen : `${chosen}, ${labels}`}}[$__rate_interval])`;

/** How many there were in each step of the chart. */
export const increase = (metric: string): string => `increase(${metric}{${chosen}}[$__rate_interval])`;

export const increaseWhere = (metric: string, labels: string): string =>
  `increase(${metric}{${chosen}, ${labels}}[$__rate_interval])`;

/**
 * The same of a counter with a label. Such a series begins to exist with its first event, at 1, which `increase` does not see:
 * where the instance was scraped before and the series was not there, its whole value is new.
 */
export const newlyCounted = (metric: string): string => {
  const [now, before] = [`${metric}{${chosen}}`, "offset $__rate_interval"];
  return `(${now} unless ${now} ${before}) and on (instance) (millrace_ready{${chosen}} ${before}) or ${increase(metric)}`;
};

/** An expression with 0 where there was none. */
export const orNone = (expression: string): string => `${expression} or on () vector(0)`;

/** A quantile of the stages' latency, in seconds. */
export const stageQuantile = (quantile: number, by: readonly string[], labels = ""): string =>
  `histogram_quantile(${quantile}, sum by (${[...by, "le"].join(", ")}) (${perSecond("millrace_stage_latency_seconds_bucket", labels)}))`;
