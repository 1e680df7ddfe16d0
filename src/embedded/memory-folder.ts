import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/**
 * The folder for files that live as long as their process: memory-backed where `roomMinBytes` are free there, else the
 * system's temporary folder. Containers often give /dev/shm 64 MB only.
 */
export function memoryFolder(roomMinBytes: number): string {
  try {
    const room = statfsSync("/dev/shm");
    if (room.bavail * room.bsize >= roomMinBytes) return "/dev/shm";
  } catch {
    // No such file system here (macOS).
  }
  return tmpdir();
}
