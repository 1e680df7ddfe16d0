import type { KafkaSecurity } from "../clients/kafka/security.ts";
import { MillraceError } from "../core/errors.ts";
import { fromBounds, isInside } from "./options/describe.ts";
import type { OptionRow, OptionValues } from "./options/option-row.ts";
import { defaultsOf } from "./options/read-options.ts";
import { simulatorRows } from "./options/simulate-rows.ts";
import type { SimulatorProfile, SimulatorRoutes } from "./simulator-files.ts";

/** Called for each structured log record. */
export type SimulatorLog = (level: "info" | "warn", message: string, fields: Record<string, unknown>) => void;

/** The values of the rows, and what only a program can give. */
export interface SimulatorSettings extends OptionValues<typeof simulatorRows> {
  /** `host:port` each. */
  brokers: string[];
  /** TLS and login; undefined: neither. */
  security: KafkaSecurity | undefined;
  /** Undefined: the files under ops/simulator. */
  profile: SimulatorProfile | undefined;
  routes: SimulatorRoutes | undefined;
  /** What callers of the HTTP control must show; undefined: nothing. */
  httpToken: string | undefined;
  log: SimulatorLog;
}

/** What a caller gives; what is absent or undefined has its default. */
export type SimulatorOptions = { brokers: string[] } & {
  [Key in keyof SimulatorSettings]?: SimulatorSettings[Key] | undefined;
};

const defaults: Omit<SimulatorSettings, "brokers"> = {
  ...defaultsOf(simulatorRows),
  security: undefined,
  profile: undefined,
  routes: undefined,
  httpToken: undefined,
  log: () => {},
};

/**
 * Puts the defaults after the options and checks them, alone and in pairs.
 *
 * @throws MillraceError E_CONFIG naming the option, the value and the bound.
 */
export function completeSimulatorOptions(options: SimulatorOptions): SimulatorSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...defaults, ...given } as SimulatorSettings;
  // Idempotence is the default only where it can be: the weaker acks switch it off unless both were asked for.
  if (settings.acks !== "all" && options.idempotence === undefined) settings.idempotence = false;
  for (const [name, { type }] of Object.entries<OptionRow>(simulatorRows)) {
    const value = settings[name as keyof typeof simulatorRows];
    if (value === undefined || isInside(type, Number(value))) continue;
    throw new MillraceError("E_CONFIG", `simulator option ${name} is ${String(value)}: must be${fromBounds(type)}`);
  }
  checkPairs(settings);
  return settings;
}

function checkPairs(settings: SimulatorSettings): void {
  if (settings.idempotence && settings.acks !== "all") {
    throw new MillraceError("E_CONFIG", `simulator: idempotence needs acks=all, and acks is ${settings.acks}`);
  }
  if (settings.resumeRatio > settings.throttleRatio || settings.softResumeRatio > settings.softThrottleRatio) {
    throw new MillraceError("E_CONFIG", "simulator: a resume ratio must not exceed its throttle ratio");
  }
  if (settings.softScaleMin > settings.softScaleMax) {
    throw new MillraceError("E_CONFIG", "simulator: softScaleMin must not exceed softScaleMax");
  }
  if (settings.badKinds.length === 0) throw new MillraceError("E_CONFIG", "simulator: badKinds must not be empty");
  try {
    new Intl.DateTimeFormat("en", { timeZone: settings.timezone });
  } catch {
    throw new MillraceError("E_CONFIG", `simulator: timezone "${settings.timezone}" is not an IANA zone`);
  }
}
