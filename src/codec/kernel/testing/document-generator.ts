import { Packr } from "msgpackr";
import type { ColumnType, TablePlan, TimeFormat } from "../../../schema/plan.ts";
import { fieldsOfRule } from "../../reference/rules.ts";
import { concat, text } from "../../testing/record-batch.ts";
import type { Randomness } from "./randomness.ts";
import { anyValue, stringValue, valueFor } from "./value-generator.ts";

function pick<T>(random: Randomness, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** One member of the documents of a plan: its key and how its value is drawn. */
interface Member {
  key: string;
  draw(): string;
}

const unknownKeys = [
  "extra",
  "trace",
  "__proto__",
  "valueOf",
  "x",
  "",
  "日本",
  "another_long_name_that_no_column_has",
  "\u007f",
];

/** A byte order mark, an open string and so on: what stands before or after a document. */
const fragments = ["\ufeff", " ", "\n\n", "x", "{", "}", "[", ",", '"', "\u0000", "null", "//", "\u00a0", "1"];

const messagePack = new Packr({ useRecords: false });

/** How the JSON text of a column's value is drawn. */
export type DrawValue = (random: Randomness, type: ColumnType, format: TimeFormat) => string;

/** Documents for a plan: most of them good, in one order of keys that the stream has. */
export class DocumentGenerator {
  readonly #random: Randomness;
  readonly #members: Member[];

  constructor(plan: TablePlan, random: Randomness, drawValue: DrawValue = valueFor) {
    this.#random = random;
    this.#members = shuffle(membersOf(plan, random, drawValue), random);
  }

  /** A record's value. `null` is a tombstone. */
  next(): Uint8Array | null {
    const random = this.#random;
    switch (random.below(40)) {
      case 0:
        return this.#rare();
      case 1:
        return text(JSON.stringify(this.#text()));
      case 2:
        return this.#damaged();
      default:
        return text(this.#text());
    }
  }

  #rare(): Uint8Array | null {
    const random = this.#random;
    switch (random.below(11)) {
      case 0:
        return null;
      case 1:
        return new Uint8Array(0);
      case 2:
        return this.#packed();
      case 3:
        return text(JSON.stringify(JSON.stringify(this.#text())));
      case 4:
        return text(random.oneIn(2) ? anyValue(random, 0) : `[${this.#text()}]`);
      case 5:
        return concat([Uint8Array.of(0xef, 0xbb, 0xbf), text(this.#text())]);
      case 6:
        return text(pick(random, fragments) + this.#text());
      case 7:
        return text(this.#text() + pick(random, fragments));
      case 8:
        return this.#deep();
      case 9:
        return random.bytes(random.length());
      default:
        return this.#broken();
    }
  }

  /** MessagePack of a document's content; of a text that JSON.parse refuses nothing is left. */
  #packed(): Uint8Array {
    try {
      return Uint8Array.from(messagePack.pack(JSON.parse(this.#text())));
    } catch {
      return Uint8Array.of(0x80);
    }
  }

  #deep(): Uint8Array {
    const random = this.#random;
    const depth = random.oneIn(3) ? 1_000 + random.below(100) : 1 + random.below(40);
    const [open, close] = random.oneIn(2) ? ["[", "]"] : ['{"a":', "}"];
    const key = random.oneIn(2) ? "deep" : pick(random, this.#members).key;
    const missing = random.oneIn(4) ? 1 : 0;
    return text(`{${JSON.stringify(key)}:${open.repeat(depth)}1${close.repeat(depth - missing)}}`);
  }

  /** Cut off, or with bytes that are not UTF-8. */
  #broken(): Uint8Array {
    const random = this.#random;
    const bytes = text(this.#text());
    const at = random.below(bytes.length + 1);
    if (random.oneIn(2)) return bytes.subarray(0, at);
    const wrong = pick(random, [
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0x80],
    ]);
    return concat([bytes.subarray(0, at), Uint8Array.from(wrong), bytes.subarray(at)]);
  }

  #damaged(): Uint8Array {
    return damageDocument(text(this.#text()), this.#random);
  }

  #text(): string {
    const random = this.#random;
    const members = random.oneIn(5) ? shuffle(this.#members, random) : this.#members;
    const texts: string[] = [];
    const isSpaced = random.oneIn(6);
    const isRandomlySpaced = random.oneIn(8);
    const space = () => (isRandomlySpaced ? pick(random, ["", "", " ", "\n  ", "\t", "\r\n"]) : "");
    for (const member of members) {
      if (random.oneIn(9)) continue;
      const value = random.oneIn(50)
        ? anyValue(random, 0)
        : random.oneIn(30)
          ? pick(random, ["null", '""'])
          : member.draw();
      const colon = isSpaced ? ": " : `${space()}:${space()}`;
      texts.push(`${space()}${this.#key(member.key)}${colon}${value}${space()}`);
    }
    if (random.oneIn(4)) texts.splice(random.below(texts.length + 1), 0, this.#unknown());
    if (random.oneIn(30)) texts.push(`${this.#key(pick(random, members).key)}:${anyValue(random, 1)}`);
    return `${space()}{${texts.join(isSpaced ? ", " : ",")}${texts.length === 0 ? space() : ""}}${space()}`;
  }

  #unknown(): string {
    const random = this.#random;
    return `${this.#key(pick(random, unknownKeys))}:${anyValue(random, 0)}`;
  }

  /** The key as JSON, sometimes with an escape that nobody needs. */
  #key(key: string): string {
    if (key.length === 0 || !this.#random.oneIn(40)) return JSON.stringify(key);
    const first = key.charCodeAt(0).toString(16).padStart(4, "0");
    return `"\\u${first}${JSON.stringify(key.slice(1)).slice(1)}`;
  }
}

function membersOf(plan: TablePlan, random: Randomness, drawValue: DrawValue): Member[] {
  const members: Member[] = [memberAt("note", () => anyValue(random, 1), random)];
  for (const { source, type, timeFormat } of plan.columns) {
    if (source.kind === "record") continue;
    const name = pick(random, source.names);
    members.push(memberAt(name, () => drawValue(random, type, timeFormat), random));
  }
  const draws = [
    () => stringValue(random),
    () => String(100 + random.below(500)),
    () => pick(random, ['"fail"', '"success"', '"f\\u0061il"', '""', "null", "404.5", "4e2", "200"]),
    () =>
      pick(random, ['"404"', '"200"', '" 404 "', '"4e2"', '"404x"', '"OK"', '"-1"', '"+404"', '"\\u0034xx"', '"0404"']),
  ];
  for (const name of plan.rules.flatMap(fieldsOfRule)) members.push(memberAt(name, pick(random, draws), random));
  // One key once: where documents have it twice, the generator says so.
  const seen = new Set<string>();
  return members.filter(({ key }) => !seen.has(key) && seen.add(key));
}

/** A name with dots is the key that it is, or a path, split at any of them. */
function memberAt(name: string, draw: () => string, random: Randomness): Member {
  const parts = name.split(".");
  const keys: string[] = [];
  for (const part of parts) {
    if (keys.length > 0 && random.oneIn(3)) keys.push(`${keys.pop()}.${part}`);
    else keys.push(part);
  }
  const [first = "", ...rest] = keys;
  const open = rest.map((key) => `{${JSON.stringify(key)}:`).join(random.oneIn(4) ? " " : "");
  return { key: first, draw: () => `${open}${draw()}${"}".repeat(rest.length)}` };
}

function shuffle<T>(list: T[], random: Randomness): T[] {
  const shuffled = [...list];
  for (let index = shuffled.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
  }
  return shuffled;
}

const hostileBytes = [...'{}[],:"\\/-+.eE0159truefalsn \n\t\u0000\u001f'].map((character) => character.charCodeAt(0));
const highBytes = [0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff];

function hostileByte(random: Randomness): number {
  if (random.oneIn(8)) return random.below(256);
  return random.oneIn(6) ? pick(random, highBytes) : pick(random, hostileBytes);
}

/** A copy with a few bytes replaced, put in, taken out or doubled: mostly those that JSON gives a meaning. */
export function damageDocument(bytes: Uint8Array, random: Randomness): Uint8Array<ArrayBuffer> {
  let damaged = Uint8Array.from(bytes);
  for (let edits = 1 + random.below(3); edits > 0 && damaged.length > 0; edits--) {
    const at = random.below(damaged.length);
    const kind = random.below(5);
    if (kind < 2) damaged[at] = kind === 0 ? hostileByte(random) : damaged[at]! ^ (1 << random.below(8));
    else damaged = splice(damaged, at, kind, random);
  }
  return random.oneIn(12) ? damaged.subarray(0, random.below(damaged.length + 1)) : damaged;
}

function splice(bytes: Uint8Array, at: number, kind: number, random: Randomness): Uint8Array<ArrayBuffer> {
  const run = 1 + random.below(random.oneIn(4) ? 40 : 3);
  if (kind === 2) return concat([bytes.subarray(0, at), bytes.subarray(at + run)]);
  if (kind === 3) return concat([bytes.subarray(0, at + run), bytes.subarray(at)]);
  const put = Uint8Array.from({ length: random.oneIn(4) ? run : 1 }, () => hostileByte(random));
  return concat([bytes.subarray(0, at), put, bytes.subarray(at)]);
}
