import { isDeepStrictEqual } from "node:util";
import {
  type Config,
  ConfigError,
  type ModelConfig,
  type ReloadCause,
  renderProblem,
  restartParts,
  type Settings,
  type SettingsWatch,
  watchSettings,
} from "../../config/index.ts";
import { InferenceError, type Logger, type ModelName } from "../../core/index.ts";
import {
  type ArmReport,
  createRamps,
  type RampCommand,
  type RampStatus,
  type Ramps,
  rampFacts,
} from "../ramps/index.ts";
import type { ShadowSample } from "../shadowing/index.ts";
import type { StateFolder } from "../state/index.ts";
import { within } from "../within.ts";
import type { ConfigFacts, Control, ControlStatus, ModelEntry, ReloadResult } from "./control.ts";
import { createControlMetrics } from "./control-metrics.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { logFindings } from "./log-findings.ts";
import { Models } from "./models.ts";

export interface KeeperOptions {
  /** As at the start, which some parts hold to. */
  readonly settings: Settings;
  readonly state: StateFolder;
  readonly log: Logger;
}

/**
 * Has every process of the gateway take over a configuration. Resolves once they have; where models are `awaited`, once each
 * of these answers or has failed, and every worker knows what it is to serve.
 */
export type Apply = (config: Config, awaited?: readonly ModelName[]) => Promise<void>;

/** A gateway, as whoever keeps its configuration sees it. */
export interface Driven {
  readonly apply: Apply;
  /** What all of its processes know of the arms of routes with a ramp; undefined: nothing yet. */
  readonly report: () => Promise<ArmReport | undefined>;
  /** What the shadows of all processes have found lately, newest first. */
  readonly samples: () => Promise<readonly ShadowSample[]>;
}

/**
 * The one place that knows what configuration holds: that of files and flags, or the models of a reload over gRPC in place of
 * its own, behind them those added over the admin API, and the weights of ramps. Whatever changes, the whole is made anew and applied in one step.
 */
export class Keeper implements Control {
  readonly #options: KeeperOptions;
  readonly #models: Models;
  readonly #metrics = createControlMetrics();
  readonly #ramps: Ramps;
  #settings: Settings;
  /** Without the weights of ramps. */
  #config: Config;
  #weighed: Config;
  #fingerprint = "";
  #appliedAt = new Date();
  #lastReload: ReloadResult | undefined;
  #apply: Apply = async () => {};
  #report: Driven["report"] = async () => undefined;
  #samples: Driven["samples"] = async () => [];
  #reread: SettingsWatch["reload"] | undefined;
  /** By what was read: settings, or the error. */
  readonly #results = new WeakMap<object, ReloadResult>();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#models = new Models(options.settings, options.state, options.log);
    this.#ramps = createRamps({
      store: options.state.document("ramps"),
      report: () => this.#report(),
      log: options.log,
      changed: () => this.#weigh(),
    });
    this.#config = this.#whole();
    this.#weighed = this.#ramps.weigh(this.#config);
    this.#holds();
  }

  /** What holds now. */
  get config(): Config {
    return this.#weighed;
  }

  /** From now on what changes is applied to this; what has changed meanwhile, at once. */
  async drive({ apply, report, samples }: Driven, started: Config): Promise<void> {
    this.#apply = apply;
    this.#report = report;
    this.#samples = samples;
    if (started !== this.#weighed) await apply(this.#weighed);
    await logFindings(this.#config, this.#options.log);
  }

  /** Keeps what the next process needs. */
  close(): void {
    this.#ramps.close();
  }

  /**
   * Follows the files behind the settings until the signal. Settles after it; before it only if they cannot be followed any
   * more.
   */
  async follow(signal: AbortSignal): Promise<void> {
    const watch = watchSettings(this.#settings, {
      signal,
      kept: () => this.#models.kept,
      changed: async (settings, by) => void this.#results.set(settings, await this.#take(settings, by)),
      refused: (error, by) => void this.#results.set(error, this.#refuse(error, by)),
    });
    this.#reread = watch.reload;
    await watch.done;
  }

  async reload(by: Exclude<ReloadCause, "file">): Promise<ReloadResult> {
    const read = await this.#reread?.(by);
    const cause = read?.is === "applied" ? read.settings : read?.is === "refused" ? read.error : this;
    const result = this.#results.get(cause);
    if (result === undefined) throw new InferenceError("UNAVAILABLE", "the gateway is starting or shutting down");
    return result;
  }

  async replaceModels(models: readonly ModelConfig[], awaited: readonly ModelName[]): Promise<void> {
    this.#models.replace(models);
    await this.#update(awaited);
  }

  async facts(): Promise<ConfigFacts> {
    const refused = this.#lastReload?.errors.length ?? 0;
    const ramps = this.#ramps.status().map(rampFacts);
    return { fingerprint: this.#fingerprint, appliedAt: this.#appliedAt.toISOString(), refused, ramps };
  }

  async status(): Promise<ControlStatus> {
    const { configSource, modelConfigFile } = this.#settings.sources;
    return {
      from: [configSource?.path ?? [], modelConfigFile?.file ?? []].flat(),
      fingerprint: this.#fingerprint,
      appliedAt: this.#appliedAt.toISOString(),
      lastReload: this.#lastReload,
      actsAfterRestart: this.#held(),
      ramps: this.#ramps.status(),
      shadows: await this.#samples(),
    };
  }

  async metrics(): Promise<string> {
    return `${await this.#metrics.page()}${this.#ramps.page()}`;
  }

  async models(): Promise<readonly ModelEntry[]> {
    return this.#models.entries;
  }

  async addModel(text: string, waitMs: number): Promise<ModelEntry> {
    const model = this.#models.add(text);
    await this.#served(model, waitMs);
    return this.#models.entryOf(model);
  }

  async putModel(name: string, text: string, waitMs: number): Promise<ModelEntry & { readonly replaced: boolean }> {
    const { model, replaced } = this.#models.put(name, text);
    await this.#served(model, waitMs);
    return { ...this.#models.entryOf(model), replaced };
  }

  async removeModel(name: string): Promise<void> {
    this.#models.remove(name);
    await this.#update();
  }

  async ramp(route: string, command: RampCommand): Promise<RampStatus> {
    return this.#ramps.act(route, command);
  }

  /** By every process; within the time, if there is one, also decided whether it answers. */
  async #served({ name }: ModelConfig, waitMs: number): Promise<void> {
    if (waitMs === 0) return void (await this.#update());
    await within(waitMs, this.#update([name]));
  }

  /** Files have changed into this. */
  async #take(settings: Settings, by: ReloadCause): Promise<ReloadResult> {
    const { log } = this.#options;
    const held = this.#held();
    this.#settings = settings;
    this.#models.take(settings);
    const isOther = await this.#update();
    const { models, routes } = this.#config;
    const facts = { by, models: models.length, routes: routes.length, modelsFrom: settings.modelsFrom };
    log.info({ ...facts, fingerprint: this.#fingerprint }, isOther ? "config applied" : "config unchanged");
    if (isOther) await logFindings(this.#config, log);
    if (this.#held().some((part) => !held.includes(part))) {
      log.warn(`changes of ${this.#held().join(" and ")} act after a restart`);
    }
    return this.#reloaded(isOther ? "applied" : "unchanged", by);
  }

  /** Files have changed into something wrong: what held before holds on. */
  #refuse(error: ConfigError, by: ReloadCause): ReloadResult {
    this.#options.log.error({ by }, `config refused, the last good one stays:\n${error.message}`);
    return this.#reloaded("refused", by, error.problems.map(renderProblem));
  }

  /** Makes the whole anew; answers whether it is another one. */
  async #update(awaited?: readonly ModelName[]): Promise<boolean> {
    const next = this.#whole();
    const isOther = !isDeepStrictEqual(next, this.#config);
    if (isOther) {
      this.#config = next;
      this.#weighed = this.#ramps.weigh(next);
      this.#holds();
    }
    if (isOther || awaited !== undefined) await this.#apply(this.#weighed, awaited);
    return isOther;
  }

  /** The weights of ramps have changed. */
  #weigh(): void {
    this.#weighed = this.#ramps.weigh(this.#config);
    this.#apply(this.#weighed).catch((thrown: unknown) => {
      this.#options.log.error({ err: thrown }, "the weights of ramps could not be applied");
    });
  }

  #whole(): Config {
    return { ...this.#settings.config, models: this.#models.served };
  }

  #held(): ControlStatus["actsAfterRestart"] {
    return restartParts(this.#options.settings.config, this.#settings.config);
  }

  #holds(): void {
    this.#fingerprint = fingerprintOf(this.#config);
    this.#appliedAt = new Date();
    this.#metrics.applied(this.#fingerprint);
  }

  #reloaded(result: ReloadResult["result"], by: ReloadCause, errors: readonly string[] = []): ReloadResult {
    this.#metrics.reloaded(result);
    this.#lastReload = { result, by, at: new Date().toISOString(), fingerprint: this.#fingerprint, errors };
    return this.#lastReload;
  }
}
