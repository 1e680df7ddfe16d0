/**
 * This process does not own the partition any more: another member may be storing the same records by now. Whoever gets
 * this lets go of the range without a trace; the new owner finds it in the intents of the last commit.
 */
export class StaleOwner extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`no longer the owner: ${reason}`, options);
    this.name = "StaleOwner";
  }
}
