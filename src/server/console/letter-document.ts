import { describeRaw, textOf } from "../../ingest/dead-letters/raw-text.ts";
import type { Letter } from "../../operate/dead-letters/letter.ts";
import type { ReplayStepLine } from "../../operate/dead-letters/read-history.ts";

/** A dead letter whole, with its document as a person reads it. */
export function letterDocument({ raw, key, ...letter }: Letter, replays: readonly ReplayStepLine[]): unknown {
  const keyText = key === null ? null : (textOf(key) ?? `0x${Buffer.from(key).toString("hex")}`);
  return { ...letter, key: keyText, bytes: raw.length, document: describeRaw(raw), replays };
}
