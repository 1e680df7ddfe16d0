/**
 * Makes an element. What it shows goes in as text, never as HTML: a record may hold anything.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | ((event: any) => void) | null | undefined>} [attributes] functions
 *   are listeners; what is undefined, null or false is left away
 * @param {...(Node | string | number | null | undefined)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children)
    if (child !== null && child !== undefined) element.append(child instanceof Node ? child : String(child));
  return element;
}

/** @param {string} id @returns {any} the element of that id */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Sets the text, if it is another: what is selected stays selected, and nothing is laid out anew. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A table with a heading for each column. Cells that are numbers stand at the right.
 *
 * @param {{caption?: string, columns: string[], rows: (Node | string | number | null)[][], numeric?: boolean[]}} table
 */
export function makeTable({ caption, columns, rows, numeric = [] }) {
  const side = (/** @type {number} */ index) => (numeric[index] ? "number" : undefined);
  return make(
    "table",
    {},
    caption === undefined ? null : make("caption", {}, caption),
    make(
      "thead",
      {},
      make("tr", {}, ...columns.map((name, index) => make("th", { scope: "col", class: side(index) }, name))),
    ),
    make(
      "tbody",
      {},
      ...rows.map((row) =>
        make(
          "tr",
          {},
          ...row.map((cell, index) =>
            index === 0
              ? make("th", { scope: "row", class: side(index) }, cell)
              : make(
                  "td",
                  { class: cell === null ? `null ${side(index) ?? ""}` : side(index) },
                  cell === null ? "NULL" : cell,
                ),
          ),
        ),
      ),
    ),
  );
}

/** A wide table scrolls by itself, with the keyboard too; the page never does. @param {HTMLElement} table @param {string} label */
export function scrolling(table, label) {
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, table);
}

/**
 * Puts a table, or a list of terms, in the place of the one before: cells that say the same stay, with the keyboard's focus
 * and what is selected in them.
 *
 * @param {HTMLElement} place @param {HTMLElement} fresh
 */
export function renew(place, fresh) {
  const cellsOf = (/** @type {Element | null} */ all) => [...(all?.querySelectorAll("th, td, dt, dd") ?? [])];
  const rowsOf = (/** @type {Element | null} */ all) => all?.querySelectorAll("tr, div").length;
  const old = place.firstElementChild;
  const [before, after] = [cellsOf(old), cellsOf(fresh)];
  if (before.length !== after.length || rowsOf(old) !== rowsOf(fresh)) return place.replaceChildren(fresh);
  for (const [index, cell] of before.entries()) {
    const now = after[index];
    if (now !== undefined && !cell.isEqualNode(now)) cell.replaceWith(now);
  }
}
