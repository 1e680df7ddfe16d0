import { byId, make, makeTable, scrolling } from "./dom.js";
import { ask } from "./stream.js";

/** The newest rows of each pipeline's table. @param {string[]} tables @param {string} chosen */
export async function showTables(tables, chosen) {
  const view = byId("tables");
  const table = tables.includes(chosen) ? chosen : tables[0];
  const links = tables.map((name) =>
    make(
      "a",
      { href: `#tables/${encodeURIComponent(name)}`, "aria-current": name === table ? "true" : undefined },
      name,
    ),
  );
  const again = make(
    "button",
    { type: "button", class: "quiet", click: () => void showTables(tables, chosen) },
    "Read again",
  );
  const place = make("div", { "aria-live": "polite" }, make("p", { class: "note" }, "Reading…"));
  view.replaceChildren(
    make(
      "section",
      { class: "panel" },
      make("div", { class: "head" }, make("h2", {}, "Newest rows"), ...links, again),
      place,
    ),
  );
  if (table === undefined) return place.replaceChildren(make("p", { class: "note" }, "The run has not begun."));
  try {
    place.replaceChildren(answerTable(await ask(`/api/rows?table=${encodeURIComponent(table)}`), table));
  } catch (error) {
    place.replaceChildren(make("p", { class: "error", role: "alert" }, /** @type {Error} */ (error).message));
  }
}

/** @param {{columns: {name: string, type: string}[], rows: (string | null)[][], isCut: boolean, seconds: number}} answer @param {string} label */
export function answerTable({ columns, rows, isCut, seconds }, label) {
  const numeric = columns.map(({ type }) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type));
  const names = columns.map(({ name }) => name);
  const said = `${rows.length} ${rows.length === 1 ? "row" : "rows"} in ${seconds.toFixed(2)} s${isCut ? "; there are more, which are not shown" : ""}.`;
  return make(
    "div",
    {},
    make("p", { class: "summary" }, said),
    scrolling(makeTable({ columns: names, rows, numeric }), label),
  );
}
