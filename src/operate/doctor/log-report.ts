import type { Logger } from "pino";
import type { DoctorReport } from "./run-doctor.ts";

/** For the start of the ingester: the guarantee, and a warning for each thing that weakens or stops it. */
export function logReport({ guarantee, findings }: DoctorReport, log: Logger): void {
  for (const { code, severity, where, found, meaning, remedy } of findings) {
    if (severity !== "error" && severity !== "weakens") continue;
    log.warn({ code, where, remedy }, `${where}: ${found}${meaning === undefined ? "" : `; ${meaning}`}`);
  }
  if (guarantee === "exactly-once") log.info("guarantee: exactly-once");
  else log.warn(`guarantee: ${guarantee}; \`millrace doctor\` says why, and what to do`);
}
