import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Fills `folder` with a copy of `template`; where there is none, with what `format` makes of it, and keeps that as the
 * template. Kafka's program for it is a JVM of its own: a second and a half of CPU time for two small files.
 *
 * Of several that format at the same time the first one's is kept.
 */
export async function formatOnce(template: string, folder: string, format: () => Promise<void>): Promise<void> {
  if (existsSync(template)) {
    await cp(template, folder, { recursive: true });
    return;
  }
  await format();
  // The folder may be on another disk, which a rename cannot cross; and a template is there whole or not at all.
  const copy = `${template}.${randomUUID()}`;
  try {
    await mkdir(dirname(template), { recursive: true });
    await cp(folder, copy, { recursive: true });
    await rename(copy, template);
  } catch {
    // Another was quicker, or the cache cannot be written: the next one formats, too.
    await rm(copy, { recursive: true, force: true }).catch(() => undefined);
  }
}
