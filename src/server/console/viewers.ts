/**
 * The pages that are open, and what they are sent: server-sent events, each of which says how everything stands. So one that
 * a slow reader misses is no loss, and none is ever kept for it.
 */

/** Each costs a socket and one message. */
export const VIEWERS_MAX = 16;
/** One that has taken nothing for so many events in a row is gone, or asleep. */
const MISSED_MAX = 15;

interface Viewer {
  controller: ReadableStreamDefaultController<Uint8Array>;
  missed: number;
  /** Ends the connection, of which a stream that is never read learns nothing. */
  hangUp(): void;
}

export class Viewers {
  readonly #viewers = new Set<Viewer>();
  readonly #encoder = new TextEncoder();

  get count(): number {
    return this.#viewers.size;
  }

  /** A stream of all events from now on; undefined: there are too many already. */
  add(first: string, hangUp: () => void): ReadableStream<Uint8Array> | undefined {
    if (this.#viewers.size >= VIEWERS_MAX) return undefined;
    let viewer: Viewer;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          viewer = { controller, missed: 0, hangUp };
          this.#viewers.add(viewer);
          controller.enqueue(this.#encoder.encode(first));
        },
        cancel: () => {
          this.#viewers.delete(viewer);
        },
      },
      // One event waits at most. The next is skipped until it was taken.
      { highWaterMark: 1 },
    );
  }

  /** Sends it to all who have taken the one before. */
  send(event: string): void {
    const bytes = this.#encoder.encode(event);
    for (const viewer of this.#viewers) {
      if ((viewer.controller.desiredSize ?? 0) > 0) {
        viewer.controller.enqueue(bytes);
        viewer.missed = 0;
      } else if (++viewer.missed >= MISSED_MAX) this.#drop(viewer);
    }
  }

  close(): void {
    for (const viewer of this.#viewers) this.#drop(viewer);
  }

  #drop(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    viewer.controller.close();
    viewer.hangUp();
  }
}

/** An event in the words of the protocol. JSON has no line breaks of its own. */
export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
