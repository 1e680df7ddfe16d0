import type { Finding, Severity } from "../operate/doctor/finding.ts";
import type { DoctorReport } from "../operate/doctor/run-doctor.ts";

const marks: Record<Severity, string> = { error: "✗", weakens: "✗", notice: "!", ok: "✓" };
const colours: Record<Severity, number> = { error: 31, weakens: 31, notice: 33, ok: 32 };

/**
 * The report as lines: what is in order one line each, everything else with its meaning and what to paste.
 *
 * @param colour only for terminals
 */
export function reportLines({ guarantee, findings }: DoctorReport, colour: boolean): string[] {
  const width = Math.max(...findings.map(({ where }) => where.length).filter((length) => length <= WHERE_MAX), 0);
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  // What is in order first: the last lines are the ones that stay on the screen.
  const sorted = (["ok", "notice", "weakens", "error"] as const).flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
  return [
    ...sorted.flatMap((finding) => lines(finding, width, colour)),
    "",
    `guarantee: ${guarantee}`,
    `${count("ok")} in order, ${count("notice")} to know, ${count("weakens")} that weaken it, ${count("error")} that stop it`,
  ];
}

const WHERE_MAX = 40;

function lines({ severity, where, found, meaning, remedy }: Finding, width: number, colour: boolean): string[] {
  const mark = colour ? `\x1b[${colours[severity]}m${marks[severity]}\x1b[0m` : marks[severity];
  const head = `${mark} ${where.padEnd(width)}  ${found}`;
  if (severity === "ok") return [head];
  return [head, ...(meaning === undefined ? [] : [`    ${meaning}`]), ...(remedy ?? []).map((line) => `      ${line}`)];
}
