/** A metric as a scraper reads it. */
export interface ScrapedMetric {
  type: string;
  help: string;
  /** By the sample's name and labels, as they stand in the text. */
  samples: Map<string, number>;
}

const nameText = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const labelText = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const sampleLine = new RegExp(`^(${nameText})(?:\\{(${labelText}(?:,${labelText})*)\\})? (\\S+)$`);

/**
 * Reads Prometheus' text format 0.0.4 by its grammar (prometheus.io/docs/instrumenting/exposition_formats).
 *
 * @throws Error for a line that it does not allow, a sample outside of its metric, and one that comes twice.
 */
export function parseExposition(text: string): Map<string, ScrapedMetric> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const metrics = new Map<string, ScrapedMetric>();
  let name = "";
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const about = new RegExp(`^# (HELP|TYPE) (${nameText}) (.+)$`).exec(line);
    if (about !== null) {
      const [, what, of, rest] = about as unknown as [string, string, string, string];
      if (what === "HELP" && metrics.has(of)) throw new Error(`${of} comes twice`);
      if (what === "TYPE" && of !== name) throw new Error(`the type of ${of} stands elsewhere`);
      const metric = metrics.get(of) ?? { type: "", help: rest, samples: new Map() };
      if (what === "TYPE") metric.type = rest;
      metrics.set(of, metric);
      name = of;
      continue;
    }
    const sample = sampleLine.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, of, labels, value] = sample as unknown as [string, string, string | undefined, string];
    const { type, samples } = metrics.get(name)!;
    const suffix = of.slice(name.length);
    const allowed = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!of.startsWith(name) || !allowed.includes(suffix)) throw new Error(`${of} stands in ${name}`);
    const key = labels === undefined ? of : `${of}{${labels}}`;
    if (samples.has(key)) throw new Error(`${key} comes twice`);
    const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value);
    if (Number.isNaN(number)) throw new Error(`no number: ${line}`);
    samples.set(key, number);
  }
  return metrics;
}
