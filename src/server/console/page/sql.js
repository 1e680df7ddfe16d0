import { byId, make, setText } from "./dom.js";
import { bytes } from "./format.js";
import { answerTable } from "./rows.js";
import { ask } from "./stream.js";

/** A box for SQL that reads. @param {string[]} tables */
export function showSql(tables) {
  const view = byId("sql");
  if (view.childElementCount > 0) return;
  const says = make("p", { id: "sql-limits", class: "summary" });
  const box = /** @type {HTMLTextAreaElement} */ (
    make("textarea", {
      id: "statement",
      rows: 5,
      spellcheck: "false",
      autocapitalize: "off",
      "aria-describedby": "sql-limits",
    })
  );
  box.value = `SELECT count() FROM ${tables[0]}`;
  const answer = make("div", { id: "answer", "aria-live": "polite" });
  const run = /** @type {HTMLButtonElement} */ (make("button", { type: "submit" }, "Run"));
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (run.disabled) return;
    run.disabled = true;
    answer.replaceChildren(make("p", { class: "note" }, "Asking ClickHouse…"));
    try {
      answer.replaceChildren(answerTable(await ask("/api/sql", { sql: box.value }), "Answer"));
    } catch (error) {
      answer.replaceChildren(make("p", { class: "error", role: "alert" }, /** @type {Error} */ (error).message));
    }
    run.disabled = false;
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(event);
  });
  view.append(
    make(
      "form",
      { class: "panel sql", submit: send },
      make("label", { for: "statement" }, make("h2", {}, "SQL")),
      box,
      make("div", { class: "head" }, run, make("kbd", {}, "Ctrl+Enter"), says),
    ),
    make("section", { class: "panel", "aria-label": "Answer" }, answer),
  );
  ask("/api/limits").then(
    (limits) => setText(says, limitsText(limits)),
    () => setText(says, "Reads only."),
  );
}

/** @param {{seconds: number, rows: number, memoryBytes: number}} limits */
function limitsText({ seconds, rows, memoryBytes }) {
  return `Reads only. At most ${seconds} s, ${rows} rows and ${bytes(memoryBytes)} of memory, on one thread; one query at a time.`;
}
