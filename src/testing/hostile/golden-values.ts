/**
 * One value said twice: as SQL, which the engine turns into bytes, and as JSON, which our encoders do. Every column type
 * with its extremes. Data only.
 */
export type GoldenValue = [sql: string, json: string];

/** Text that means the same in both, `'` and `\` excepted. */
function same(...texts: string[]): GoldenValue[] {
  return texts.map((text) => [`'${text}'`, `"${text}"`]);
}

/** A number that means the same in both. */
function numbers(...texts: string[]): GoldenValue[] {
  return texts.map((text) => [text, text]);
}

const mebibyte: GoldenValue = ["repeat('ä', 524288)", `"${"ä".repeat(524_288)}"`];
const texts: GoldenValue[] = [
  ...same("", "a", "日本 😀", "a", ""),
  ["'\\0\\n\\'\\\\'", '"\\u0000\\n\'\\\\"'],
  mebibyte,
  ["repeat('x', 127)", `"${"x".repeat(127)}"`],
  ["repeat('x', 128)", `"${"x".repeat(128)}"`],
  ["repeat('x', 16384)", `"${"x".repeat(16_384)}"`],
];
const floats: GoldenValue[] = [
  ["nan", '"nan"'],
  ["inf", '"inf"'],
  ["-inf", '"-inf"'],
  ["toFloat64('-0.0')", "-0.0"],
  ...numbers("0.0", "0.1", "-1.5"),
];
const nothing: GoldenValue = ["NULL", "null"];

/** 1900 to 2299, or to 2262 where nanoseconds end, with all digits that the scale has. */
function timesOfScale(scale: number): GoldenValue[] {
  const nines = scale === 0 ? "" : `.${"9".repeat(scale)}`;
  const one = scale === 0 ? "" : `.${"1".padStart(scale, "0")}`;
  return same(
    "1900-01-01 00:00:00",
    `1900-01-01 00:00:00${one}`,
    `1969-12-31 23:59:59${nines}`,
    `1969-12-31 23:59:58${one}`,
    "1970-01-01 00:00:00",
    `1970-01-01 00:00:00${one}`,
    `2024-02-29 12:34:56${nines}`,
    scale === 9 ? "2262-04-11 23:47:16.854775807" : `2299-12-31 23:59:59${nines}`,
  );
}

export const goldenValues: Record<string, GoldenValue[]> = {
  Int8: numbers("-128", "-1", "0", "127"),
  UInt8: numbers("0", "255"),
  Int16: numbers("-32768", "32767"),
  UInt16: numbers("0", "65535"),
  Int32: numbers("-2147483648", "2147483647"),
  UInt32: numbers("0", "4294967295"),
  Int64: [
    ["toInt64('-9223372036854775808')", "-9223372036854775808"],
    ["toInt64('9223372036854775807')", "9223372036854775807"],
    ["toInt64('-9007199254740993')", '"-9007199254740993"'],
    ["toInt64(0)", "0"],
  ],
  UInt64: [
    ["toUInt64('18446744073709551615')", "18446744073709551615"],
    ["toUInt64('9223372036854775808')", '"9223372036854775808"'],
    ["toUInt64(0)", "0"],
  ],
  Float32: [
    ...floats,
    ...numbers("3.4028234663852886e38", "1.401298464324817e-45", "1.1754942106924411e-38", "16777217.0"),
  ],
  Float64: [
    ...floats,
    ...numbers("1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "2.2250738585072014e-308", "1e23"),
  ],
  "Decimal(9, 2)": same("-9999999.99", "9999999.99", "0", "-0.01"),
  "Decimal(1, 1)": same("-0.9", "0.9"),
  "Decimal(18, 0)": same("-999999999999999999", "999999999999999999"),
  "Decimal(18, 18)": same("-0.999999999999999999", "0.000000000000000001"),
  Bool: numbers("true", "false"),
  String: texts,
  "FixedString(1)": same("", "a"),
  "FixedString(5)": [...same("abcde", "", "ab", "é日"), ["'\\0a'", '"\\u0000a"']],
  UUID: same(
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "61f0c404-5cb3-11e7-907b-a6006ad3dba0",
  ),
  Date: same("1970-01-01", "2149-06-06", "2024-02-29"),
  Date32: same("1900-01-01", "1969-12-31", "1970-01-01", "2299-12-31"),
  "DateTime('UTC')": same("1970-01-01 00:00:00", "2038-01-19 03:14:08", "2106-02-07 06:28:15"),
  "DateTime('Asia/Kolkata')": same("1970-01-01 05:30:00", "2106-02-07 11:58:15"),
  ...Object.fromEntries(Array.from({ length: 10 }, (_, scale) => [`DateTime64(${scale}, 'UTC')`, timesOfScale(scale)])),
  "DateTime64(3, 'America/New_York')": same(
    "1960-07-04 12:00:00.001",
    "2024-03-10 01:59:59.999",
    "2024-11-03 03:00:00",
  ),
  "Enum8('low' = -128, 'it\\'s' = 0, 'high' = 127)": [
    ...same("low", "high"),
    ["'it\\'s'", '"it\'s"'],
    ["'low'", "-128"],
  ],
  "Enum16('low' = -32768, 'high' = 32767)": same("low", "high"),
  IPv4: same("0.0.0.0", "255.255.255.255", "1.2.3.4"),
  IPv6: same("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1", "::ffff:1.2.3.4", "1.2.3.4"),
  "Nullable(Int64)": [nothing, ["toInt64('-9223372036854775808')", "-9223372036854775808"], nothing],
  "Nullable(Float64)": [nothing, ...floats],
  "Nullable(String)": [nothing, ...texts],
  "Nullable(FixedString(3))": [nothing, ...same("abc", "")],
  "Nullable(DateTime64(6, 'UTC'))": [nothing, ...timesOfScale(6)],
  "Nullable(Decimal(18, 4))": [nothing, ...same("-99999999999999.9999")],
  "Nullable(UUID)": [nothing, ...same("61f0c404-5cb3-11e7-907b-a6006ad3dba0")],
  "Nullable(IPv6)": [...same("::1"), nothing],
  "Nullable(Enum8('a' = 1, 'b' = 2))": [nothing, ...same("b", "a")],
  "LowCardinality(String)": texts,
  "LowCardinality(Nullable(String))": [...texts, nothing, ...same("a"), nothing],
  "LowCardinality(FixedString(2))": same("ab", "", "ab", "a"),
  "LowCardinality(Date)": same("2149-06-06", "1970-01-01", "2149-06-06"),
  "LowCardinality(Nullable(UInt64))": [nothing, ["toUInt64('18446744073709551615')", "18446744073709551615"], nothing],
  "Array(Int64)": [
    ["[]", "[]"],
    ["[toInt64('-9223372036854775808'), 0]", "[-9223372036854775808,0]"],
    ["[]", "[]"],
  ],
  "Array(String)": [
    ["['', 'x']", '["","x"]'],
    ["[]", "[]"],
    [`[${mebibyte[0]}]`, `[${mebibyte[1]}]`],
  ],
  "Array(Nullable(Float64))": [
    ["[NULL, nan]", '[null,"nan"]'],
    ["[]", "[]"],
  ],
  "Array(Array(Nullable(String)))": [
    ["[]", "[]"],
    ["[[]]", "[[]]"],
    ["[['a', NULL], [], ['']]", '[["a",null],[],[""]]'],
  ],
  "Array(LowCardinality(Nullable(String)))": [
    ["[]", "[]"],
    ["[NULL, 'x', '']", '[null,"x",""]'],
    ["['x']", '["x"]'],
  ],
  "Map(String, Int64)": [
    ["map()", "{}"],
    ["map('a', 1, 'b', -1)", '{"a":1,"b":-1}'],
    ["map('', 0)", '{"":0}'],
  ],
  "Map(LowCardinality(String), Array(Nullable(String)))": [
    ["map('k', ['v', NULL])", '{"k":["v",null]}'],
    ["map()", "{}"],
    ["map('l', [], 'k', [''])", '{"l":[],"k":[""]}'],
  ],
  "Map(String, Map(String, UInt64))": [
    ["map('a', map('b', toUInt64('18446744073709551615')))", '{"a":{"b":18446744073709551615}}'],
    ["map('a', map())", '{"a":{}}'],
  ],
  "Array(Map(String, LowCardinality(Nullable(String))))": [
    ["[map('k', NULL)]", '[{"k":null}]'],
    ["[map(), map('k', 'v')]", '[{},{"k":"v"}]'],
  ],
};

/** Types whose dictionary has more keys than one byte, or two, can number: `count` distinct values, twice each. */
export const goldenDictionaries: { type: string; count: number; sql: string; json: (number: number) => string }[] = [
  ...[300, 70_000].flatMap((count) => [
    { type: "LowCardinality(String)", count, sql: "toString(number)", json: (number: number) => `"${number}"` },
    {
      type: "LowCardinality(Nullable(String))",
      count,
      sql: "if(number % 100 = 0, NULL, toString(number))",
      json: (number: number) => (number % 100 === 0 ? "null" : `"${number}"`),
    },
  ]),
  { type: "LowCardinality(UInt32)", count: 300, sql: "toUInt32(number)", json: String },
  {
    type: "Array(LowCardinality(String))",
    count: 300,
    sql: "[toString(number), 'x']",
    json: (number: number) => `["${number}","x"]`,
  },
];
