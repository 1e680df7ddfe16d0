import { codeOf } from "../../clients/clickhouse/server-error.ts";
import { sqlTokens } from "../../clients/clickhouse/table-definition.ts";
import type { ClickHouseFacts, Facts, SettingFacts, TrialInsert } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { isReplicated } from "./remedies.ts";
import { changingCalls } from "./unstable-columns.ts";

/** Deduplication behind views by token came in 24.8 (ClickHouse pull request 61601). */
const OLDEST = [24, 8] as const;
/** A second of skew is visible in every latency panel. */
const SKEW_MS = 1_000;

/** Judges the server, the user's settings and rights. Pure. */
export function judgeServer(facts: ClickHouseFacts, { setUp }: Facts): Finding[] {
  return [
    ...judgeVersion(facts.server.version, setUp.embedded.clickHouse),
    ...judgeClock(facts, setUp.fenceMs),
    ...judgeTimeZone(facts),
    ...judgeServerIds(facts),
    ...judgeSettings(facts),
    ...judgeGrants(facts, setUp.embedded.clickHouse),
    ...judgeViews(facts),
  ];
}

function judgeVersion(version: string, embedded: boolean): Finding[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const where = embedded ? "embedded ClickHouse" : "ClickHouse";
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
    return [{ code: "clickhouse.version", severity: "ok", where, found: `version ${version} answers` }];
  }
  const meaning = "repeated inserts are not recognised behind materialized views";
  const remedy = [`# upgrade ClickHouse to ${OLDEST.join(".")} or newer`];
  return [{ code: "clickhouse.version", severity: "error", where, found: `version ${version}`, meaning, remedy }];
}

function judgeClock({ server }: ClickHouseFacts, fenceMs: number): Finding[] {
  const { offsetMs, uncertaintyMs } = server.clock;
  const about = { code: "clickhouse.clock", where: "ClickHouse" } as const;
  const found = `its clock is ${Math.abs(offsetMs)} ms ${offsetMs < 0 ? "behind" : "ahead of"} this machine's (± ${uncertaintyMs} ms)`;
  if (uncertaintyMs > fenceMs / 2) {
    const meaning = "answers take so long that inserts will miss the time in which they may begin, again and again";
    const remedy = ["# look at the network between this machine and ClickHouse, and at the server's load"];
    return [{ ...about, severity: "weakens", found, meaning, remedy }];
  }
  if (Math.abs(offsetMs) <= SKEW_MS + uncertaintyMs) return [{ ...about, severity: "ok", found }];
  const meaning = "inserts allow for it; latencies that end with stored_ts are off by as much";
  const remedy = ["# on the machine that is wrong", "timedatectl set-ntp true", "chronyc makestep"];
  return [{ ...about, severity: "notice", found, meaning, remedy }];
}

function judgeTimeZone({ server }: ClickHouseFacts): Finding[] {
  const about = { code: "clickhouse.timezone", where: "ClickHouse", found: `time zone ${server.timeZone}` } as const;
  if (/^(Etc\/)?(UTC|UCT|Universal|Zulu|GMT)$/.test(server.timeZone)) return [{ ...about, severity: "ok" }];
  const meaning =
    "toDate() of an event is the day there: event days begin at its midnight, and some have 23 or 25 hours";
  const remedy = ["# in config.xml, before the first table is made", "<timezone>UTC</timezone>"];
  return [{ ...about, severity: "notice", meaning, remedy }];
}

function judgeServerIds({ server, tables }: ClickHouseFacts): Finding[] {
  const alone = tables.filter(({ engine }) => /MergeTree$/.test(engine) && !isReplicated(engine));
  if (server.serverIds.length < 2 || alone.length === 0) return [];
  return [
    {
      code: "clickhouse.many-servers",
      severity: "weakens",
      where: "CLICKHOUSE_URL",
      found: `${server.serverIds.length} servers answer there, and ${alone[0]!.name} is not replicated`,
      meaning: "each server remembers its own inserts: a repeat that reaches another one counts twice",
      remedy: ["# name one server in CLICKHOUSE_URL, or make the tables replicated", "millrace migrate --replicated"],
    },
  ];
}

/** Judges the inserts of no rows. After all others: what they can explain is explained better. Pure. */
export function judgeTrials({ trials, server }: ClickHouseFacts): Finding[] {
  return trials.flatMap((trial) => judgeTrial(trial, server.user));
}

function judgeTrial({ table: where, error }: TrialInsert, user: string): Finding[] {
  if (error === undefined) {
    const found = "an insert of no rows, with all settings of a real one, goes through";
    return [{ code: "table.trial-insert", severity: "ok", where, found }];
  }
  // What the doctor can say more about than the server does.
  const remedies: Record<string, string[]> = {
    [codeOf("UNKNOWN_TABLE")]: ["millrace migrate"],
    [codeOf("READONLY")]: [`ALTER USER ${user} SETTINGS readonly = 0;`],
    [codeOf("TABLE_IS_READ_ONLY")]: [`SYSTEM RESTORE REPLICA ${where};`],
    [codeOf("SETTING_CONSTRAINT_VIOLATION")]: ["-- see the setting that is locked, below"],
    [codeOf("ACCESS_DENIED")]: [`GRANT INSERT, SELECT ON ${where} TO ${user};`],
  };
  const found = `an insert of no rows fails: ${error.message}`;
  const remedy = remedies[error.code] ?? ["-- see the server's log"];
  return [{ code: "table.trial-insert", severity: "error", where, found, meaning: "so does every other", remedy }];
}

/** What no insert sets, but what breaks the guarantee when the user's profile does. */
const fatefulSettings: [name: string, bad: string, good: string, meaning: string][] = [
  [
    "materialized_views_ignore_errors",
    "1",
    "0",
    "an insert is acknowledged though a view failed: its table stays behind the facts for ever",
  ],
];

function judgeSettings({ server }: ClickHouseFacts): Finding[] {
  const findings: Finding[] = [];
  for (const [name, wanted] of Object.entries(server.sentSettings)) {
    const setting = server.settings[name];
    if (setting === undefined || setting.value === wanted || !isForbidden(setting, wanted)) continue;
    findings.push({
      code: "setting.locked",
      severity: "error",
      where: name,
      found: `the profile of user ${server.user} fixes it at ${setting.value}, and each insert sets it to ${wanted}`,
      meaning: "ClickHouse refuses every insert",
      remedy: [
        `ALTER USER ${server.user} SETTINGS ${name} = ${wanted} WRITABLE;`,
        "-- a user of users.xml: take the constraint out of its profile there",
      ],
    });
  }
  for (const [name, bad, good, meaning] of fatefulSettings) {
    if (server.settings[name]?.value !== bad) continue;
    const remedy = [`ALTER USER ${server.user} SETTINGS ${name} = '${good}';`];
    const found = `it is ${bad} for user ${server.user}`;
    findings.push({ code: "setting.value", severity: "weakens", where: name, found, meaning, remedy });
  }
  if (findings.length > 0) return findings;
  const found = "none of those that deduplication needs is locked or turned off";
  return [{ code: "setting.value", severity: "ok", where: "settings", found }];
}

function isForbidden(setting: SettingFacts, wanted: string): boolean {
  const { readonly, min, max, disallowed } = setting;
  const value = Number(wanted);
  return (
    readonly ||
    disallowed.includes(wanted) ||
    (min !== undefined && value < Number(min)) ||
    (max !== undefined && value > Number(max))
  );
}

function judgeGrants({ grants, server }: ClickHouseFacts, embedded: boolean): Finding[] {
  if (embedded) {
    const found = "the embedded engine has no access control: whoever reaches its port may do everything";
    return [{ code: "clickhouse.access", severity: "notice", where: "embedded ClickHouse", found }];
  }
  return grants
    .filter(({ granted }) => !granted)
    .map(({ table: where, right }): Finding => {
      const found = `user ${server.user} has no ${right} here`;
      const remedy = [`GRANT ${right} ON ${where} TO ${server.user};`];
      if (right === "INSERT") {
        return { code: "rights.insert", severity: "error", where, found, meaning: "every insert fails", remedy };
      }
      if (right === "SELECT") {
        const meaning = "missing and duplicate records cannot be counted (end report, millrace reconcile)";
        return { code: "rights.select", severity: "notice", where, found, meaning, remedy };
      }
      const meaning = "migrations need another user (sql/access)";
      return { code: "rights.create", severity: "notice", where, found, meaning, remedy };
    });
}

/** Views whose own values differ at a repeat, or that refuse rows by design. Where rows land is judged elsewhere. */
function judgeViews({ tables }: ClickHouseFacts): Finding[] {
  return tables.flatMap(({ views }) =>
    views.flatMap(({ name: where, select }): Finding[] => {
      const tokens = sqlTokens(select);
      const throwing = tokens.some(({ text }, at) => /^throwIf$/i.test(text) && tokens[at + 1]?.text === "(");
      const calls = [...changingCalls(tokens), ...(throwing ? ["throwIf"] : [])];
      if (calls.length === 0) return [];
      const found = `its SELECT calls ${calls.map((call) => `${call}()`).join(", ")}`;
      const meaning = throwing
        ? "rows that it refuses are refused by the whole insert, and go to the dead letters"
        : "a repeat is ignored all the same, but what it computes cannot be checked against the facts";
      return [{ code: "view.expression", severity: "notice", where, found, meaning }];
    }),
  );
}
