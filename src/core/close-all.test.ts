import { expect, it } from "vitest";
import { closeAll } from "./close-all.ts";

it("closes what comes after one that fails, one at a time, and throws all errors at the end", async () => {
  const told: string[] = [];
  const closer = (name: string, error?: Error) => async () => {
    told.push(`begin ${name}`);
    await null;
    told.push(`end ${name}`);
    if (error !== undefined) throw error;
  };
  const thrown = () => {
    told.push("thrown");
    throw new Error("third");
  };
  const closing = closeAll([closer("a"), closer("b", new Error("first")), thrown, closer("c", new Error("second"))]);
  await expect(closing).rejects.toMatchObject({
    message: "3 could not be closed: first; third; second",
    errors: [new Error("first"), new Error("third"), new Error("second")],
    cause: new Error("first"),
  });
  expect(told).toEqual(["begin a", "end a", "begin b", "end b", "thrown", "begin c", "end c"]);
});

it("throws one error as it is", async () => {
  const error = new Error("alone");
  await expect(closeAll([() => Promise.reject(error), () => {}])).rejects.toBe(error);
});
