import { typeText } from "../../codec/kernel/testing/plan-generator.ts";
import type { Randomness } from "../../codec/kernel/testing/randomness.ts";
import { isPlanSupported } from "../../codec/kernel/write-plan.ts";
import { column, makePlan } from "../../codec/testing/plan.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { hostileZones } from "./time-values.ts";

/** Names that a reader may take for something else: a path, another case, an escape, a property of every object. */
const columnNames = ["x", "Status", "ctx.ip", "名前", 'say "x"\\', "constructor", "0", "n".repeat(60), " ", "a/b"];

/** Every kind of column has its turn, whatever is drawn: these lead, one a round. */
const leadingTypes = [
  ...["Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64", "Bool"],
  ...["Decimal(9, 2)", "Decimal(18, 4)", "Decimal(18, 18)", "Decimal(1, 0)", "Decimal(10, 10)"],
  ...["String", "FixedString(1)", "FixedString(16)", "UUID", "IPv4", "IPv6", "Date", "Date32"],
  ...hostileZones.map((zone) => `DateTime('${zone}')`),
  ...hostileZones.map((zone, index) => `DateTime64(${[0, 3, 6, 9, 1, 7, 2][index]}, '${zone}')`),
  ...["Enum8('GET' = 1, 'POST' = 2, '7' = -3, 'été' = 0)", "Enum16('low' = -300, 'high' = 3000)"],
  ...["LowCardinality(String)", "LowCardinality(Nullable(String))", "Nullable(Int64)", "Nullable(Float64)"],
  ...["Array(Int64)", "Array(Nullable(String))", "Array(Array(UInt8))", "Map(String, String)", "Map(String, Int32)"],
  ...["Map(LowCardinality(String), Array(Nullable(Float64)))", "Array(Map(String, DateTime64(3, 'UTC')))"],
];

/** The number of rounds after which every type of the list has led once. */
export const leadingTypeCount: number = leadingTypes.length;

/**
 * A table of one to three columns that are read as JSONEachRow reads them: by their own name, strictly, times as they
 * come. All times have a zone of their own, so that the engine's does not matter.
 */
export function drawTable(random: Randomness, round: number): TablePlan {
  for (;;) {
    const first = random.below(columnNames.length);
    const columns = Array.from({ length: 1 + (random.oneIn(2) ? random.below(3) : 0) }, (_, index) => {
      const text = index === 0 && !random.oneIn(3) ? leadingTypes[round % leadingTypes.length]! : drawType(random);
      const name = columnNames[(first + index) % columnNames.length]!;
      return column(name, parseColumnType(text), { timeFormat: "auto" });
    });
    const plan = makePlan({ columns });
    if (isPlanSupported(plan)) return plan;
  }
}

function drawType(random: Randomness): string {
  const zone = hostileZones[random.below(hostileZones.length)]!;
  return typeText(random)
    .replaceAll(/DateTime(?![6(])/g, `DateTime('${zone}')`)
    .replaceAll(/DateTime64\((\d)\)/g, `DateTime64($1, '${zone}')`);
}
