import { expect, it } from "vitest";
import { eventText, VIEWERS_MAX, Viewers } from "./viewers.ts";

const decoder = new TextDecoder();

it("frames events as the protocol has them: one line of data, whatever is in it", () => {
  expect(eventText("state", { text: "a\nb\r\n\n", n: 1 })).toBe(
    'event: state\ndata: {"text":"a\\nb\\r\\n\\n","n":1}\n\n',
  );
});

it("sends each event to who reads, from the first on", async () => {
  const viewers = new Viewers();
  const reader = viewers.add("first", () => {})!.getReader();
  for (const event of ["second", "third"]) {
    const { value } = await reader.read();
    expect(decoder.decode(value)).toBe(event === "second" ? "first" : "second");
    viewers.send(event);
  }
  await reader.cancel();
  expect(viewers.count).toBe(0);
});

it("keeps one event for a slow reader, skips the others, and goes on when it reads", async () => {
  const viewers = new Viewers();
  const reader = viewers.add("0", () => {})!.getReader();
  for (let event = 1; event <= 10; event += 1) viewers.send(String(event));
  expect(decoder.decode((await reader.read()).value)).toBe("0");
  viewers.send("11");
  expect(decoder.decode((await reader.read()).value)).toBe("11");
});

it("hangs up on who reads nothing, and does not forget others for it", async () => {
  const viewers = new Viewers();
  let hungUp = 0;
  viewers.add("first", () => {
    hungUp += 1;
  });
  const reader = viewers.add("first", () => expect.unreachable())!.getReader();
  for (let event = 0; event < 20; event += 1) {
    await reader.read();
    viewers.send("more");
  }
  expect([hungUp, viewers.count]).toEqual([1, 1]);
});

it("takes so many and no more, and lets all go at its end", () => {
  const viewers = new Viewers();
  let hungUp = 0;
  const add = () => viewers.add("", () => (hungUp += 1));
  for (let index = 0; index < VIEWERS_MAX; index += 1) expect(add()).toBeDefined();
  expect(add()).toBeUndefined();
  viewers.close();
  expect([hungUp, viewers.count]).toEqual([VIEWERS_MAX, 0]);
});
