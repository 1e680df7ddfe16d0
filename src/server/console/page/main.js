import { byId, make, setText } from "./dom.js";
import { showHealth, showLost } from "./health.js";
import { showLetters } from "./letters.js";
import { showLogin } from "./login.js";
import { buildOverview, showOverview } from "./overview.js";
import { placeOf, views } from "./place.js";
import { showTables } from "./rows.js";
import { showSql } from "./sql.js";
import { follow } from "./stream.js";

const themes = ["system", "light", "dark"];

/** @type {any} */
let state;
/** @type {import("./series.js").History | undefined} */
let history;

function showView() {
  const { view, chosen } = placeOf(location.hash);
  for (const name of views) {
    byId(name).hidden = name !== view;
    document.querySelector(`nav a[href="#${name}"]`)?.toggleAttribute("aria-current", name === view);
  }
  if (view === "overview") return showFigures();
  // Rows are of a run: it comes with the first event, or later.
  const tables = state?.run?.tables;
  if (tables === undefined) return;
  if (view === "dead-letters") void showLetters(chosen);
  else if (view === "tables") void showTables(tables, chosen);
  else showSql(tables);
}

function showFigures() {
  if (state === undefined) return;
  showHealth(state, history);
  if (placeOf(location.hash).view === "overview" && !document.hidden) showOverview(state, history);
}

function chooseTheme(/** @type {string} */ theme) {
  document.documentElement.style.colorScheme = theme === "system" ? "light dark" : theme;
  setText(byId("theme"), `Theme: ${theme}`);
  localStorage.setItem("theme", theme);
  showFigures();
}

byId("theme").addEventListener("click", () => {
  const next = themes.indexOf(localStorage.getItem("theme") ?? "system") + 1;
  chooseTheme(themes[next % themes.length] ?? "system");
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showFigures);
addEventListener("hashchange", () => {
  showView();
  byId("main").focus({ preventScroll: true });
});
document.addEventListener("visibilitychange", showFigures);

buildOverview();
chooseTheme(themes.find((theme) => theme === localStorage.getItem("theme")) ?? "system");
byId("overview").prepend(make("p", { id: "waiting", class: "note" }, "Waiting for the first figures…"));
follow({
  onState(now, known) {
    const isFirst = state === undefined || (state.run === null && now.run !== null);
    [state, history] = [now, known];
    if (now.run !== null) document.getElementById("waiting")?.remove();
    if (isFirst) showView();
    else showFigures();
  },
  onLost: () => showLost(state?.atMs),
  onRefused: showLogin,
});
showView();
