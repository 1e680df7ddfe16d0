import { eventRateText, isEventRate } from "../config/options/bounds.ts";
import { completeSimulatorOptions, type SimulatorOptions, type SimulatorSettings } from "../config/simulator.ts";
import { readSimulatorProfile, readSimulatorRoutes, type SimulatorProfile } from "../config/simulator-files.ts";
import { deadLetterTopic, errorTopic, unknownTopic } from "../config/topics.ts";
import { MillraceError } from "../core/errors.ts";
import type { PartitionReport, SimulatorReport, SimulatorStats } from "../run/simulator-report.ts";
import { checkListenAddress } from "../server/http-access.ts";
import type { OpenServer } from "../server/serve.ts";
import { type BackPressure, openBackPressure, updateBackPressure } from "./back-pressure.ts";
import { BatchProducer } from "./batch-producer.ts";
import { EventGenerator } from "./event-generator.ts";
import { EventRouter } from "./event-router.ts";
import { serveHttpApi } from "./http-api.ts";
import { advancePacer, openPacer, type Pacer } from "./pacer.ts";
import { TimeWeights } from "./time-weight.ts";

export interface Simulator {
  /** Of the HTTP control; −1 without one. */
  readonly httpPort: number;
  readonly httpAddress: string;
  /** The seed in use, to repeat the run. */
  readonly seed: number;
  /** Resolves when the duration or the number of events is reached; never without such a limit. Then call `stop`. */
  readonly finished: Promise<void>;
  /** @throws MillraceError E_CONFIG outside the bounds of a rate */
  setEventsPerSecond(eventsPerSecond: number): void;
  stats(): SimulatorStats;
  /** Makes no more events, sends what is left within `drainTimeoutMs`, closes all. Repeated calls share one report. */
  stop(): Promise<SimulatorReport>;
}

/**
 * Starts making events and sending them to Kafka (S0-8 to S0-25), in this process, on this thread.
 *
 * @throws MillraceError E_CONFIG for a wrong option or file, or a taken port; E_KAFKA when no broker answers or a topic
 * is missing
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const settings = completeSimulatorOptions(options);
  if (settings.httpPort !== undefined) checkListenAddress("--listen", settings.httpAddress, settings.httpToken);
  const engine = await SimulatorEngine.open(settings);
  let control: OpenServer | undefined;
  if (settings.httpPort !== undefined) {
    const { httpPort: port, httpAddress: address, httpToken: token } = settings;
    control = await serveHttpApi(engine, { port, address, token }).catch(async (error) => {
      await engine.stop();
      throw error;
    });
  }
  engine.run();
  let stopping: Promise<SimulatorReport> | undefined;
  return {
    httpPort: control?.port ?? -1,
    httpAddress: settings.httpAddress,
    seed: engine.seed,
    finished: engine.finished,
    setEventsPerSecond: (eventsPerSecond) => engine.setEventsPerSecond(eventsPerSecond),
    stats: () => engine.stats(),
    stop: () => {
      stopping ??= engine.stop().finally(() => control?.close());
      return stopping;
    },
  };
}

class SimulatorEngine {
  readonly seed: number;
  readonly finished: Promise<void>;
  readonly #settings: SimulatorSettings;
  readonly #generator: EventGenerator;
  readonly #router: EventRouter;
  readonly #producer: BatchProducer;
  readonly #timeWeights: TimeWeights;
  readonly #backPressure: BackPressure;
  readonly #generatedByService: number[];
  /** Times are of a clock that nobody sets; events are stamped by the wall clock. */
  #pacer: Pacer = openPacer(performance.now());
  #state: SimulatorStats["state"] = "running";
  #eventsPerSecond: number;
  #timeFactor = 1;
  #startedMs = performance.now();
  #generatedUntilMs = performance.now();
  #cpuAtStart = process.cpuUsage();
  #timer: NodeJS.Timeout | undefined;
  #window = { startedMs: 0, produced: 0, eventsPerSecond: 0 };
  #behindLoggedMs = 0;
  #withheldLogged = 0;
  #reportFinished!: () => void;

  private constructor(
    settings: SimulatorSettings,
    profile: SimulatorProfile,
    seed: number,
    generator: EventGenerator,
    router: EventRouter,
    producer: BatchProducer,
  ) {
    this.#settings = settings;
    this.seed = seed;
    this.#generator = generator;
    this.#router = router;
    this.#producer = producer;
    this.#timeWeights = new TimeWeights(profile.timeWeights, settings.timezone, seed);
    this.#backPressure = openBackPressure(settings);
    this.#eventsPerSecond = settings.eventsPerSecond ?? profile.eventsPerSecond;
    this.#generatedByService = generator.catalogue.services.map(() => 0);
    this.finished = new Promise((resolve) => {
      this.#reportFinished = resolve;
    });
  }

  static async open(settings: SimulatorSettings): Promise<SimulatorEngine> {
    const profile = settings.profile ?? readSimulatorProfile();
    const routes = settings.routes ?? readSimulatorRoutes();
    const seed = settings.seed ?? profile.seed ?? Math.floor(Math.random() * 2 ** 48);
    const generator = new EventGenerator({ ...settings, profile, routes, seed });
    const router = new EventRouter(settings);
    const topics = generator.catalogue.services.map(({ topic }) => topic);
    const producer = await BatchProducer.connect(
      settings,
      [...topics, unknownTopic, errorTopic, deadLetterTopic],
      router,
    );
    router.attach(producer);
    if (profile.ignoredKeys.length > 0) {
      settings.log("info", "keys of the profile without effect", { keys: profile.ignoredKeys });
    }
    return new SimulatorEngine(settings, profile, seed, generator, router, producer);
  }

  run(): void {
    const nowMs = performance.now();
    this.#startedMs = nowMs;
    this.#generatedUntilMs = nowMs;
    this.#pacer = openPacer(nowMs);
    this.#window.startedMs = nowMs;
    this.#cpuAtStart = process.cpuUsage();
    this.#schedule();
  }

  setEventsPerSecond(eventsPerSecond: number): void {
    if (!isEventRate(eventsPerSecond)) {
      throw new MillraceError("E_CONFIG", `events per second is ${eventsPerSecond}: must be from ${eventRateText}`);
    }
    this.#settings.log("info", "rate changed", { from: this.#eventsPerSecond, to: eventsPerSecond });
    this.#eventsPerSecond = eventsPerSecond;
  }

  stats(): SimulatorStats {
    const { counts } = this.#router;
    const services = this.#generator.catalogue.services;
    return {
      ...counts,
      withheld: Math.round(this.#pacer.withheld),
      badByKind: { ...counts.badByKind },
      state: this.#state,
      targetEventsPerSecond: this.#eventsPerSecond * this.#settings.share,
      eventsPerSecond: this.#window.eventsPerSecond,
      generatedByService: Object.fromEntries(
        services.map(({ service }, index) => [service, this.#generatedByService[index]!]),
      ),
      pendingEvents: this.#producer.pendingRecords,
      pendingBytes: this.#producer.pendingBytes,
      queueRatio: this.#queueRatio(),
      timeFactor: this.#timeFactor,
      softScale: this.#backPressure.scale,
      paused: this.#backPressure.paused,
      pauses: this.#backPressure.pauses,
    };
  }

  async stop(): Promise<SimulatorReport> {
    this.#state = "draining";
    clearTimeout(this.#timer);
    await this.#producer.drain(this.#settings.drainTimeoutMs);
    await this.#producer.close();
    this.#state = "stopped";
    return this.#report();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#tick();
      if (this.#state === "running") this.#schedule();
    }, this.#settings.tickIntervalMs);
  }

  #tick(): void {
    const settings = this.#settings;
    const { durationMs, eventsMax } = settings;
    const endMs = durationMs === undefined ? Number.POSITIVE_INFINITY : this.#startedMs + durationMs;
    const clockMs = performance.now();
    const wallMs = Date.now();
    const nowMs = Math.min(clockMs, endMs);
    this.#followQueue(nowMs);
    this.#timeFactor = this.#timeWeights.at(wallMs);
    const wanted = this.#eventsPerSecond * settings.share * this.#timeFactor;
    const allowed = this.#backPressure.paused ? 0 : wanted * this.#backPressure.scale;
    const room = Math.min(
      settings.queueEventsMax - this.#producer.pendingRecords,
      (eventsMax ?? Number.POSITIVE_INFINITY) - this.#router.counts.generated,
    );
    const paced = advancePacer(this.#pacer, nowMs, allowed, wanted, Math.max(0, room));
    for (let index = 0; index < paced.count; index++) {
      this.#generator.next(Math.floor(wallMs - clockMs + paced.firstMs + index * paced.stepMs));
      this.#generatedByService[this.#generator.serviceIndex]!++;
      this.#router.route(this.#generator, wallMs);
    }
    this.#generatedUntilMs = nowMs;
    this.#producer.flush();
    this.#logProgress(clockMs);
    if (nowMs >= endMs || (eventsMax !== undefined && this.#router.counts.generated >= eventsMax)) {
      this.#state = "draining";
      this.#reportFinished();
    }
  }

  #queueRatio(): number {
    const { queueEventsMax, queueBytesMax } = this.#settings;
    return Math.max(this.#producer.pendingRecords / queueEventsMax, this.#producer.pendingBytes / queueBytesMax);
  }

  #followQueue(nowMs: number): void {
    const ratio = this.#queueRatio();
    const change = updateBackPressure(this.#backPressure, this.#settings, ratio, nowMs);
    if (change === undefined) return;
    const level = change === "throttled" || change === "scaled down" ? "warn" : "info";
    this.#settings.log(level, change, { queueRatio: round(ratio), softScale: round(this.#backPressure.scale) });
  }

  #logProgress(nowMs: number): void {
    const { statsIntervalMs, behindLogIntervalMs, queueWarnRatio, log } = this.#settings;
    const windowMs = nowMs - this.#window.startedMs;
    if (windowMs >= statsIntervalMs) {
      const { produced } = this.#router.counts;
      this.#window.eventsPerSecond = Math.round(((produced - this.#window.produced) * 1_000) / windowMs);
      this.#window.startedMs = nowMs;
      this.#window.produced = produced;
      const { generatedByService, queueRatio } = this.stats();
      log(queueRatio >= queueWarnRatio ? "warn" : "info", "stats", {
        eventsPerSecond: this.#window.eventsPerSecond,
        windowMs: Math.round(windowMs),
        produced,
        failed: this.#router.counts.failed,
        generatedByService,
        queueRatio: round(queueRatio),
      });
    }
    const withheld = Math.round(this.#pacer.withheld);
    if (withheld > this.#withheldLogged && nowMs - this.#behindLoggedMs >= behindLogIntervalMs) {
      log("warn", "behind target", { withheld, since: withheld - this.#withheldLogged });
      this.#behindLoggedMs = nowMs;
      this.#withheldLogged = withheld;
    }
  }

  #report(): SimulatorReport {
    const { counts } = this.#router;
    const generatedMs = this.#generatedUntilMs - this.#startedMs;
    const cpu = process.cpuUsage(this.#cpuAtStart);
    return {
      ...counts,
      withheld: Math.round(this.#pacer.withheld),
      partitions: this.#partitions(),
      eventsPerSecond: generatedMs === 0 ? 0 : Math.round((counts.produced * 1_000) / generatedMs),
      durationMs: Math.round(performance.now() - this.#startedMs),
      cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
    };
  }

  #partitions(): PartitionReport[] {
    return [...this.#producer.lanes.values()].flat().map(({ topic, partition, acknowledged }) => ({
      topic,
      partition,
      count: acknowledged.count,
      firstOffset: acknowledged.ranges[0]?.first ?? -1,
      lastOffset: acknowledged.ranges.at(-1)?.last ?? -1,
      ranges: acknowledged.ranges.map(({ first, last }) => [first, last]),
    }));
  }
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
