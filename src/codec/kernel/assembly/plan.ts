/**
 * The plan in the kernel's memory: plain words that the host writes (src/codec/kernel/write-plan.ts) before the first
 * record. Offsets are shared with the host, so they stand in layout-plan.ts.
 */
import {
  PLAN_COLUMN_COUNT,
  PLAN_COLUMNS,
  PLAN_RULE_COUNT,
  PLAN_RULES,
  PLAN_ROW_BYTES,
} from "./layout-plan";

export let plan: usize = 0;
export let columns: usize = 0;
export let columnCount: u32 = 0;
export let rules: usize = 0;
export let ruleCount: u32 = 0;
export let rowBytes: usize = 0;

export function usePlan(address: usize): void {
  plan = address;
  columns = <usize>load<u32>(address, PLAN_COLUMNS);
  columnCount = load<u32>(address, PLAN_COLUMN_COUNT);
  rules = <usize>load<u32>(address, PLAN_RULES);
  ruleCount = load<u32>(address, PLAN_RULE_COUNT);
  rowBytes = <usize>load<u32>(address, PLAN_ROW_BYTES);
}
