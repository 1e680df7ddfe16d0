import { spawn } from "node:child_process";
import { once } from "node:events";

/** A record as librdkafka, and not this project, reads it. */
export interface LogRecord {
  partition: number;
  offset: number;
  /** Null for a tombstone. */
  value: Buffer | null;
}

const NEWLINE = 10;

/** All records of a topic, in the order of each partition, up to the ends that its logs have now. @throws Error */
export async function* readRecords(brokers: string, topic: string): AsyncGenerator<LogRecord> {
  // The value's length stands before it: it may hold any byte. kcat's %S is -1 for no value.
  const args = ["-C", "-b", brokers, "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p %o %S\n%s\n"];
  const child = spawn("kcat", args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    for (;;) {
      const lineEnd = rest.indexOf(NEWLINE, at);
      if (lineEnd < 0) break;
      const [partition, offset, length] = rest.toString("latin1", at, lineEnd).split(" ").map(Number) as [
        number,
        number,
        number,
      ];
      const end = lineEnd + 1 + Math.max(0, length);
      if (rest.length <= end) break;
      yield { partition, offset, value: length < 0 ? null : rest.subarray(lineEnd + 1, end) };
      at = end + 1;
    }
    rest = rest.subarray(at);
  }
  const [code] = await closed;
  if (code !== 0 || rest.length > 0) throw new Error(`kcat ended with code ${code}, ${rest.length} bytes left over`);
}
