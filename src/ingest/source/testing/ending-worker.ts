import { appendFileSync, existsSync, statSync } from "node:fs";
import transcode from "../../../../workers/transcode.ts";
import { ENDINGS_VARIABLE, type Endings } from "./endings.ts";

export { prepare } from "../../../../workers/transcode.ts";

const { journal, times, at } = JSON.parse(process.env[ENDINGS_VARIABLE]!) as Endings;

/** The worker thread as it is, except that it ends in the middle of a task as often as it was told to. */
export default function transcodeOrEnd(task: Parameters<typeof transcode>[0]) {
  const isMeant =
    at === undefined ||
    task.sections.some((each) => each.partition === at.partition && each.firstOffset === at.firstOffset);
  if (isMeant && (existsSync(journal) ? statSync(journal).size : 0) < times) {
    appendFileSync(journal, ".");
    process.exit(1);
  }
  return transcode(task);
}
