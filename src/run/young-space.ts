import module from "node:module";
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { isDeno } from "../telemetry/runtime.ts";

/** Both halves together; V8 itself would take up to 128 MiB. */
const YOUNG_BYTES = 16 * 1024 * 1024;

/**
 * Lets the space of young objects grow from the 2 MiB that src/millrace.mjs holds it to while the program is loaded, to
 * 16 MiB. A fetch makes some kB of short-lived objects for each partition in its answer, some 60 MB a second over 256
 * partitions at 5,000 events/s: in 2 MiB they are collected 75 times a second, for a third of this process' CPU time, in
 * 16 MiB 8 times.
 *
 * V8 takes its bounds at its start only. The growth factor counts at each collection, so it is set anew after each: V8
 * also makes the space smaller again when there is little to do.
 *
 * Returns how to stop it. Does nothing on Deno, which passes no flags on.
 */
export function growYoungSpace(): () => void {
  if (isDeno) return () => {};
  // Compiled code is of use under the flags that it was compiled under: it is kept before they change.
  module.flushCompileCache();
  let factor = 1;
  const adjust = () => {
    const bytes = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
    const wanted = bytes < YOUNG_BYTES ? 2 : 1;
    if (wanted === factor) return;
    factor = wanted;
    setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  };
  const observer = new PerformanceObserver(adjust);
  observer.observe({ entryTypes: ["gc"] });
  adjust();
  return () => observer.disconnect();
}
