/** What is counted, in what, and what it means: a row for each. The counters, the report and the docs are made of these. */
export interface CounterRow {
  /** The key in `Counters` and in the report. */
  name: string;
  unit:
    | "rows"
    | "records"
    | "documents"
    | "values"
    | "bytes"
    | "ranges"
    | "bundles"
    | "inserts"
    | "seconds"
    | "offsets"
    | "places"
    | "times";
  /** `now`: how many there are at present. Undefined: how many there were since the start. */
  kind?: "now";
  /** What it is divided by: it is a record of numbers then. */
  by?: string;
  /** All values of `by`, where they are known beforehand: these are there from the start, with 0. */
  keys?: readonly string[];
  /** Its name at `/metrics`. Undefined: it is not there, because another one's sum says the same. */
  metric?: `millrace_${string}`;
  /** The label that `by` is there. */
  metricLabel?: string;
  /** Which part of the program counts it. */
  where: Where;
  /**
   * Where the report has it: among its `counts`, beside them, or not at all, because it counts the tables' rows instead, or
   * nobody needs it who reads the report.
   */
  report: "counts" | "beside" | "none";
  /** Its word in the status line and in the end report for people. Undefined: it is in neither. */
  label?: string;
  help: string;
}

/** The parts of the program that measure. */
export type Where = "source" | "dispatch" | "worker" | "sink" | "commit" | "pipeline" | "reconciliation" | "process";
