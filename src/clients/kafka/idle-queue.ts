import { createRequire } from "node:module";

/**
 * The fifth seam in kafkajs: connections that have nothing to do sleep.
 *
 * kafkajs 2.2.4 looks at the requests that wait for a throttle's end after each answer, and again, and again: the next look
 * is set for the throttle's end also when there is no throttle and nothing waits, which lies in the past, so that it
 * comes a millisecond later. Each connection that was used once wakes the process a thousand times a second until it is
 * closed: 1 % of a core each. Here a look is set only while something waits. A request that has to wait sets one itself.
 */

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}

const require = createRequire(import.meta.url);
const prototype: RequestQueue = require("kafkajs/src/network/requestQueue/index.js").prototype;
const { scheduleCheckPendingRequests } = prototype;

prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
};
