import { byId, make, makeTable, scrolling } from "./dom.js";
import { count, moment } from "./format.js";
import { ask } from "./stream.js";

let asked = 0;

/** Dead letters: by reason, the latest of each, and one click to the whole record. @param {string} reason "": of all */
export async function showLetters(reason) {
  const view = byId("dead-letters");
  asked += 1;
  const mine = asked;
  view.setAttribute("aria-busy", "true");
  try {
    const query = reason === "" ? "" : `?reason=${encodeURIComponent(reason)}`;
    const { letters, groups } = await ask(`/api/dead-letters${query}`);
    // Somebody has gone on to another reason meanwhile.
    if (mine !== asked) return;
    view.replaceChildren(
      make("section", { class: "panel" }, heading(reason), ...(groups === undefined ? [] : [groupTable(groups)])),
      make("section", { class: "panel" }, make("h2", {}, "The latest"), letterTable(letters)),
    );
  } catch (error) {
    if (mine !== asked) return;
    view.replaceChildren(make("p", { class: "panel error", role: "alert" }, /** @type {Error} */ (error).message));
  }
  view.removeAttribute("aria-busy");
}

/** @param {string} reason */
function heading(reason) {
  const again = make("button", { type: "button", class: "quiet", click: () => void showLetters(reason) }, "Read again");
  const title = reason === "" ? "By reason, in the last 24 hours" : `Reason ${reason}, in the last 24 hours`;
  const all = reason === "" ? null : make("a", { href: "#dead-letters" }, "All reasons");
  return make("div", { class: "head" }, make("h2", {}, title), all, again);
}

/** @param {any[]} groups */
function groupTable(groups) {
  if (groups.length === 0) return make("p", { class: "note" }, "None: every record became a row.");
  const rows = groups.map(({ errorType, pipeline, count: number, replayed, lastMs, example }) => [
    make("a", { href: `#dead-letters/${encodeURIComponent(errorType)}` }, errorType),
    ...[pipeline, count(number), count(replayed), moment(lastMs), example],
  ]);
  const columns = ["Reason", "Pipeline", "Records", "Replayed", "Last, UTC", "Message of the last"];
  return scrolling(makeTable({ columns, rows, numeric: [false, false, true, true] }), "Dead letters by reason");
}

/** @param {any[]} letters */
function letterTable(letters) {
  if (letters.length === 0) return make("p", { class: "note" }, "None.");
  const rows = letters.map((letter) => [
    make(
      "button",
      { type: "button", class: "link", click: () => void showRecord(letter) },
      `${letter.topic} ${letter.partition} ${letter.offset}`,
    ),
    ...[moment(letter.processedMs), letter.errorType, letter.errorMessage, letter.excerpt],
  ]);
  const columns = ["Record", "Rejected, UTC", "Reason", "Message", "Document begins"];
  return scrolling(makeTable({ columns, rows }), "Latest dead letters");
}

/** @param {{topic: string, partition: number, offset: number}} place */
async function showRecord({ topic, partition, offset }) {
  const body = byId("record-body");
  byId("record-title").textContent = `${topic} ${partition} ${offset}`;
  body.replaceChildren(make("p", { class: "note" }, "Reading…"));
  byId("record").showModal();
  try {
    const query = new URLSearchParams({ topic, partition: String(partition), offset: String(offset) });
    const { letters } = await ask(`/api/dead-letters/record?${query}`);
    body.replaceChildren(...letters.flatMap(letterParts));
    if (letters.length === 0) body.replaceChildren(make("p", { class: "note" }, "It is not in the table any more."));
  } catch (error) {
    body.replaceChildren(make("p", { class: "error", role: "alert" }, /** @type {Error} */ (error).message));
  }
}

/** @param {any} letter */
function letterParts({ document, bytes, replays, errorType, errorMessage, ...rest }) {
  const times = { ingestMs: "record time", processedMs: "rejected", createdMs: "event time" };
  const facts = [
    ["reason", errorType],
    ["message", errorMessage],
    ...Object.entries(rest)
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value]) =>
        name in times
          ? [times[/** @type {keyof typeof times} */ (name)], `${moment(Number(value))} UTC`]
          : [wordsOf(name), String(value)],
      ),
  ];
  const steps = replays.map((/** @type {any} */ one) =>
    make(
      "li",
      {},
      `${moment(one.replayedMs)} ${one.outcome} ${one.table} ${one.errorType} ${one.reason} by ${one.who}`,
    ),
  );
  const table = makeTable({ columns: ["", ""], rows: facts });
  table.classList.add("facts");
  return [
    scrolling(table, "What is known of the record"),
    make("h3", {}, `Document, ${count(bytes)} bytes`),
    make("pre", { tabindex: 0 }, document),
    make("h3", {}, "Replays"),
    steps.length === 0
      ? make(
          "p",
          { class: "note" },
          "Never replayed. ",
          make("code", {}, "millrace dlq replay"),
          " stores it once its cause is mended.",
        )
      : make("ol", {}, ...steps),
  ];
}

/** `sourceTopic` → `source topic`. @param {string} name */
function wordsOf(name) {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
