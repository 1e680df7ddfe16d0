import { DocumentGenerator, damageDocument } from "../../codec/kernel/testing/document-generator.ts";
import type { Randomness } from "../../codec/kernel/testing/randomness.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { hostileValue } from "./values.ts";

/** What no JSON text has, or what only a lax reader takes, put between the tokens of a document. */
const laxPieces = [
  "/* c */",
  "// c\n",
  "#",
  ",",
  ",,",
  "NaN",
  "Infinity",
  "-Infinity",
  "undefined",
  "'x'",
  "True",
  "0x1F",
  "01",
  "+1",
  ".5",
  "1.",
  "\ufeff",
  "\u00a0",
  "\u2028",
  "\u0000",
  "\v",
  "\f",
  "\u001f",
];

/** Byte sequences that are not UTF-8: overlong forms, surrogates, beyond the last code point, cut off. */
const wrongBytes = [
  [0xc0, 0xaf],
  [0xc1, 0xbf],
  [0xe0, 0x80, 0xaf],
  [0xf0, 0x80, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xe2, 0x82],
  [0xff],
];

const MEBIBYTE = 1_048_576;

/** Records' values for a plan: sound and odd documents, and such as only a lax reader takes. */
export class HostileDocuments {
  readonly #random: Randomness;
  readonly #generator: DocumentGenerator;
  readonly #names: string[];

  constructor(plan: TablePlan, random: Randomness) {
    this.#random = random;
    this.#generator = new DocumentGenerator(plan, random, hostileValue);
    this.#names = plan.columns.map(({ name }) => name);
  }

  /** A record's value. `null` is a tombstone. */
  next(): Uint8Array | null {
    const value = this.#generator.next();
    if (value === null || value.length === 0) return value;
    switch (this.#random.below(50)) {
      case 0:
        return this.#lax(value);
      case 1:
        return this.#wrongUtf8(value);
      case 2:
        return this.#otherCase(value);
      case 3:
        return damageDocument(value, this.#random);
      case 4:
        return this.#padded(value);
      default:
        return value;
    }
  }

  /** A document of 1 MiB: its value, its key, or its white space. */
  giant(): Uint8Array {
    const random = this.#random;
    const name = JSON.stringify(this.#names[random.below(this.#names.length)]);
    const unit = ["a", "\\u00e9", "日本", '\\"', "9"][random.below(5)]!;
    const long = unit.repeat(Math.ceil(MEBIBYTE / unit.length));
    const texts = [
      `{${name}:"${long}"}`,
      `{"${long}":1,${name}:"x"}`,
      `{"rest":["${long}"],${name}:null}`,
      `{${" ".repeat(MEBIBYTE)}${name}:"1"}`,
      `{${name}:${"9".repeat(MEBIBYTE)}}`,
      `{${name}:{"k":"${long}","k2":[]}}`,
    ];
    return new TextEncoder().encode(texts[random.below(texts.length)]);
  }

  #lax(value: Uint8Array): Uint8Array {
    const text = new TextDecoder().decode(value);
    const places = [...text.matchAll(/[{}[\]:,]/g)].map(({ index }) => index);
    const place = (places[this.#random.below(Math.max(1, places.length))] ?? 0) + this.#random.below(2);
    const piece = laxPieces[this.#random.below(laxPieces.length)]!;
    return new TextEncoder().encode(text.slice(0, place) + piece + text.slice(place));
  }

  #wrongUtf8(value: Uint8Array): Uint8Array {
    const at = this.#random.below(value.length + 1);
    const wrong = wrongBytes[this.#random.below(wrongBytes.length)]!;
    return Uint8Array.from([...value.subarray(0, at), ...wrong, ...value.subarray(at)]);
  }

  /** A key in capitals is another key. */
  #otherCase(value: Uint8Array): Uint8Array {
    const text = new TextDecoder().decode(value);
    const name = JSON.stringify(this.#names[this.#random.below(this.#names.length)]);
    return new TextEncoder().encode(text.replace(name, name.toUpperCase()));
  }

  #padded(value: Uint8Array): Uint8Array {
    const spaces = [" ", "\n", "\r\n", "\t", "\n\n\t ", "\u00a0", "\u0000"];
    const space = () => spaces[this.#random.below(spaces.length)]!.repeat(1 + this.#random.below(20));
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
    return new TextEncoder().encode(space() + text + space());
  }
}
