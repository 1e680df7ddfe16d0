import type { DeliveryStep } from "../delivery-steps.ts";

/** Variable with the orders of start-with-orders.ts, as JSON. */
export const ORDERS_VARIABLE = "MILLRACE_TEST_ORDERS";

/** What a process of `millrace start` does to itself. */
export interface Orders {
  /** It kills itself at the `nth` time that the step is reached; default: the first. */
  kill?: { step: DeliveryStep; nth?: number };
  /** The first time that the step is reached, the whole process stands still from making `reached` until `go` is there. */
  hold?: { step: DeliveryStep; reached: string; go: string };
  /** PipelineHooks.insertMsMax */
  insertMsMax?: number;
}
