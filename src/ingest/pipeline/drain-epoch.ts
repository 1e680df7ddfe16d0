import type { Clock } from "../../core/clock.ts";
import type { Epoch } from "../commit/epoch.ts";
import type { Flights } from "./flights.ts";

/**
 * Lets what is under way finish and commits it, for `maxMs` at most, because the group waits; then the epoch is over.
 * Nothing new may begin meanwhile.
 */
export async function drainEpoch(epoch: Epoch, flights: Flights, clock: Clock, maxMs: number): Promise<void> {
  const drained = flights.landed().then(() => epoch.flush());
  let cancel = () => {};
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(maxMs, resolve);
  });
  await Promise.race([drained.catch(() => {}), late]);
  cancel();
  epoch.end("the group is rebalancing");
}
