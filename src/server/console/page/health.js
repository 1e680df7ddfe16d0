import { byId, make, renew, setText } from "./dom.js";
import { age, clock, count, duration, short } from "./format.js";
import { figure, labelled } from "./overview-text.js";

let lastState = "";

/** The first thing that a person looks at: is it well, and if not, why. @param {any} state @param {import("./series.js").History | undefined} history */
export function showHealth(state, history) {
  const { health, run } = state;
  say(health.state, health.title, health.reasons);
  setText(byId("run-name"), run === null ? "" : `${run.group}`);
  // Of a run that stands still the reasons say it.
  const hasLimit = run !== null && ["healthy", "late"].includes(health.state);
  byId("limit").replaceChildren(...(hasLimit ? [make("b", {}, "What limits now"), ` ${run.limit.sentence}.`] : []));
  // A run of before, in a process that has ended, is not this one's.
  if (run === null) byId("tiles").replaceChildren();
  else showTiles(run, history);
}

/** The server does not answer: what is on the page is old. @param {number | undefined} sinceMs when it was heard last */
export function showLost(sinceMs) {
  const since = sinceMs === undefined ? "" : ` The figures below are of ${clock(sinceMs)}.`;
  say("lost", "No connection", [`Millrace has ended, or cannot be reached from here.${since}`]);
}

/** @param {string} name @param {string} title @param {string[]} reasons */
function say(name, title, reasons) {
  byId("health").dataset.state = name;
  setText(byId("health-title"), title);
  const place = byId("health-reasons");
  const text = reasons.join("\n");
  if (place.dataset.text !== text) {
    place.dataset.text = text;
    place.replaceChildren(...reasons.map((reason) => make("p", {}, reason)));
  }
  document.title = `${title} · Millrace`;
  // Heard once, when it changes; not every two seconds.
  if (lastState !== `${name}${title}`) setText(byId("announce"), `${title}. ${reasons.join(" ")}`);
  lastState = `${name}${title}`;
}

/** @param {any} run @param {import("./series.js").History | undefined} history */
function showTiles({ figures, stages, mainStage, produced, partitions, point }, history) {
  const { now, window: quarter } = stages.find((/** @type {any} */ one) => one.stage === mainStage);
  const isKnown = partitions.length > 0;
  const lag = partitions.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.lag, 0);
  const oldest = Math.max(0, ...partitions.map((/** @type {any} */ one) => one.oldestSeconds ?? 0));
  const values = point?.values ?? {};
  const dead = labelled(figures, "millrace_dead_letters_total").reduce((sum, [, value]) => sum + value, 0);
  const rate = history?.values.storedPerSecond?.slice(-5).filter((value) => value !== null) ?? [];
  const perSecond = rate.length === 0 ? undefined : rate.reduce((sum, value) => sum + (value ?? 0), 0) / rate.length;
  const tiles = [
    [
      `${mainStage === "e2e" ? "Event" : "Kafka"} to stored, p95`,
      duration(now?.p95),
      `15 min: ${duration(quarter?.p95)}`,
    ],
    [
      "Stored",
      `${short(perSecond)}/s`,
      figure("millrace_stored_rows_total", figures.millrace_stored_rows_total, (value) => `${count(value)} rows`),
    ],
    [
      "Lag",
      isKnown ? short(values.lagRecords ?? lag) : "?",
      isKnown ? `oldest waits ${age(values.oldestSeconds ?? oldest)}` : "Kafka does not answer",
    ],
    [
      "Dead letters",
      short(dead),
      dead === 0 ? "none since the start" : `${share(dead, figures.millrace_stored_rows_total)} of all records`,
    ],
    ...(produced === null ? [] : [["Produced", short(produced), "by the simulator"]]),
  ];
  const terms = tiles.map(([name, value, more]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, make("b", {}, value), " ", make("small", {}, more))),
  );
  renew(byId("tiles"), make("dl", { class: "tiles" }, ...terms));
}

/** @param {number} part @param {number} rest */
function share(part, rest) {
  const all = part + rest;
  const percent = all === 0 ? 0 : (part / all) * 100;
  return percent > 0 && percent < 0.01 ? "under 0.01 %" : `${Number(percent.toPrecision(2))} %`;
}
