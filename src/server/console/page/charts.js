import { make, makeTable, renew, scrolling, setText } from "./dom.js";

/**
 * Panels with a chart, a sentence that says the same, and the figures as a table for who cannot see it or wants to copy.
 *
 * @typedef {import("./chart-options.js").Theme} Theme
 * @typedef {{columns: string[], rows: (string | number)[][]}} Figures
 * @typedef {{element: HTMLElement, update: (options: any, summary: string, figures: () => Figures, legend?: string[]) => void}} Panel
 */

/**
 * @param {{id: string, title: string, wide?: boolean, help?: string, control?: HTMLElement}} description
 * @returns {Panel}
 */
export function chartPanel({ id, title, wide = false, help, control }) {
  const summary = make("p", { class: "summary", id: `${id}-summary` });
  const canvas = make("div", {
    class: "chart",
    role: "img",
    "aria-labelledby": `${id}-title`,
    "aria-describedby": `${id}-summary`,
  });
  const legend = make("ul", { class: "legend", "aria-hidden": "true" });
  const table = make("div", { class: "table-place" });
  const details = /** @type {HTMLDetailsElement} */ (make("details", {}, make("summary", {}, "As a table"), table));
  const element = make(
    "figure",
    { class: `panel${wide ? " wide" : ""}`, id },
    make("figcaption", {}, make("h2", { id: `${id}-title`, title: help }, title), control),
    ...[summary, legend, canvas, details],
  );
  /** @type {any} */
  let chart;
  /** @type {() => Figures} */
  let figuresNow = () => ({ columns: [], rows: [] });
  const showTable = () => {
    if (!details.open) return;
    const { columns, rows } = figuresNow();
    const numeric = columns.map((_, index) => index > 0);
    const scroll = /** @type {HTMLElement | null} */ (table.firstElementChild);
    const fresh = makeTable({ columns, rows, numeric });
    if (scroll === null) table.append(scrolling(fresh, title));
    else renew(scroll, fresh);
  };
  details.addEventListener("toggle", showTable);
  new ResizeObserver(() => chart?.resize()).observe(canvas);
  return {
    element,
    update(options, text, figures, names = []) {
      figuresNow = figures;
      setText(summary, text);
      if (legend.childElementCount !== names.length)
        legend.replaceChildren(...names.map((name, index) => make("li", { class: `line-${index + 1}` }, name)));
      showTable();
      const { echarts } = /** @type {any} */ (globalThis);
      if (echarts === undefined || canvas.clientWidth === 0) return;
      chart ??= echarts.init(canvas);
      chart.setOption(options, { replaceMerge: ["series"] });
    },
  };
}

/** The colours of the style sheet, which knows whether it is dark. @returns {Theme} */
export function themeNow() {
  const style = getComputedStyle(document.documentElement);
  const probe = make("span", { hidden: true });
  document.body.append(probe);
  const color = (/** @type {string} */ name) => {
    probe.style.color = style.getPropertyValue(name);
    return getComputedStyle(probe).color;
  };
  const theme = {
    ...{ ink: color("--ink"), faint: color("--faint"), line: color("--line"), surface: color("--surface") },
    lines: [1, 2, 3, 4, 5, 6, 7].map((number) => color(`--line-${number}`)),
    heat: [0, 1, 2, 3].map((number) => color(`--heat-${number}`)),
  };
  probe.remove();
  return theme;
}
