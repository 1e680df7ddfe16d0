import { readDurationMs } from "../../core/duration.ts";
import { MillraceError } from "../../core/errors.ts";
import { fromBounds, isInside } from "./describe.ts";
import type { OptionType, ValueOf } from "./option-row.ts";

/**
 * Reads a text as a value of the type.
 *
 * @param where begins the sentence that refuses it: `--fence 1x:`
 * @throws MillraceError E_CONFIG with `where` and what the text must be
 */
export function readValue<const Type extends OptionType>(type: Type, text: string, where: string): ValueOf<Type>;
export function readValue(type: OptionType, text: string, where: string): unknown {
  const refuse = (must: string) => new MillraceError("E_CONFIG", `${where} ${must}`);
  switch (type.kind) {
    case "flag":
      if (!["true", "1", "false", "0"].includes(text)) throw refuse("must be true or false");
      return text === "true" || text === "1";
    case "text":
      if (text.trim() === "" && type.pattern === undefined) throw refuse("must not be empty");
      if (type.pattern?.test(text) !== false) return text;
      throw refuse(type.must ?? `must match ${type.pattern.source}`);
    case "file":
    case "folder":
    case "secret":
      return text;
    case "choice":
      return readChoice(type.choices, type.also?.[text] ?? text, refuse);
    case "list":
      return text.split(",").map((part) => readValue(type.of, part.trim(), where));
    case "count":
      if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && isInside(type, Number(text))) return Number(text);
      throw refuse(`must be a whole number${fromBounds(type)}`);
    case "number":
      if (text.trim() === "" || !Number.isFinite(Number(text))) throw refuse("must be a number");
      if (isInside(type, Number(text))) return Number(text);
      throw refuse(`must be${fromBounds(type)}`);
    case "duration": {
      const ms = text === "0" && type.orZero === true ? 0 : readDurationMs(text);
      if (ms === undefined) throw refuse("must be a number with a unit, such as 250ms, 20s, 10m, 2h, 7d");
      if (isInside(type, ms)) return ms;
      throw refuse(`must be${fromBounds(type)}`);
    }
  }
}

/** "one of a, b, c", "a or b": how errors name the words that they want. */
function readChoice(choices: readonly string[], text: string, refuse: (must: string) => Error): string {
  if (choices.includes(text)) return text;
  throw refuse(`must be ${choices.length > 2 ? `one of ${choices.join(", ")}` : choices.join(" or ")}`);
}
