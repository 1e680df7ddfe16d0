import { createRegion, regionBase, reserve, setRegionCursor } from "./memory";

const scratch: usize = createRegion(4096);

/** Room for `bytes` bytes until the next call; 0 when memory is at its bound. */
export function scratchFor(bytes: usize): usize {
  setRegionCursor(scratch, regionBase(scratch));
  return reserve(scratch, bytes);
}
