/** The steps of one range on its way, in order, as an observer hears of them. */
export const deliverySteps = [
  /** The range is cut and its intent not yet on its way. */
  "beforeIntent",
  /** The coordinator has acknowledged the intent. */
  "afterIntent",
  /** The rows are ready; the next thing is the request. */
  "beforeInsert",
  /** The server has answered, and nothing is noted yet. */
  "afterInsert",
  "beforeAcknowledge",
  /** The ledger knows that the range is stored. */
  "afterAcknowledge",
  "beforeCommit",
  /** The coordinator has acknowledged an offset after the range. */
  "afterCommit",
] as const;

export type DeliveryStep = (typeof deliverySteps)[number];

/** Told synchronously of each step of a range, for tests that stop or kill a process exactly there. Must not throw. */
export type DeliveryObserver = (step: DeliveryStep) => void;
