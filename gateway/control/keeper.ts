import { isDeepStrictEqual } from "node:util";
import {
  type Config,
  ConfigError,
  folderOfSource,
  type ModelConfig,
  parseModelText,
  renderProblem,
  restartParts,
  type Settings,
  writtenModel,
} from "../../config/index.ts";
import { InferenceError, type Logger, type ModelName } from "../../core/index.ts";
import { type ArmReport, createRamps, type RampCommand, type RampStatus, type Ramps } from "../ramps/index.ts";
import type { StateFolder } from "../state/index.ts";
import { within } from "../within.ts";
import { AddedModels } from "./added-models.ts";
import type { ConfigFacts, Control, ControlStatus, ModelEntry, ReloadCause, ReloadResult } from "./control.ts";
import { createControlMetrics } from "./control-metrics.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { logFindings } from "./log-findings.ts";

export interface KeeperOptions {
  readonly settings: Settings;
  /** Reads the files behind the settings anew. Throws ConfigError. */
  readonly readAgain: () => Promise<Settings>;
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
}

/**
 * The one place that knows what configuration holds: that of files and flags, or the models of a reload over gRPC in place of
 * its own, behind them those added over the admin API, and the weights of ramps. Whatever changes, the whole is made anew and applied in one step.
 */
export class Keeper implements Control {
  readonly #options: KeeperOptions;
  readonly #started: Config;
  readonly #added: AddedModels;
  readonly #metrics = createControlMetrics();
  readonly #ramps: Ramps;
  #settings: Settings;
  /** By a reload over gRPC. */
  #replaced: readonly ModelConfig[] | undefined;
  /** Without the weights of ramps. */
  #config: Config;
  #weighed: Config;
  #fingerprint = "";
  #appliedAt = new Date();
  #lastReload: ReloadResult | undefined;
  #apply: Apply = async () => {};
  #report: Driven["report"] = async () => undefined;
  /** Reads take turns: the last one to begin is the last one to be applied. */
  #reading: Promise<unknown> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#started = options.settings.config;
    this.#added = new AddedModels(options.state, options.log);
    this.#ramps = createRamps({
      store: options.state.document("ramps"),
      report: () => this.#report(),
      log: options.log,
      changed: () => this.#weigh(),
    });
    this.#config = this.#whole();
    this.#weighed = this.#ramps.weigh(this.#config);
    this.#holds();
    this.#tellShadowed(new Set());
  }

  /** What holds now. */
  get config(): Config {
    return this.#weighed;
  }

  /** From now on what changes is applied to this; what has changed meanwhile, at once. */
  async drive({ apply, report }: Driven, started: Config): Promise<void> {
    this.#apply = apply;
    this.#report = report;
    if (started !== this.#weighed) await apply(this.#weighed);
    logFindings(this.#config, this.#options.log);
  }

  /** Keeps what the next process needs. */
  close(): void {
    this.#ramps.close();
  }

  /** Files have changed into this. */
  async take(settings: Settings, by: ReloadCause): Promise<ReloadResult> {
    const { log } = this.#options;
    const shadowed = this.#shadowed();
    const held = this.#held();
    this.#settings = settings;
    this.#replaced = undefined;
    const changed = await this.#update();
    if (changed) {
      const { models, routes } = this.#config;
      log.info(
        {
          by,
          models: models.length,
          routes: routes.length,
          modelsFrom: settings.modelsFrom,
          fingerprint: this.#fingerprint,
        },
        "config applied",
      );
      this.#tellShadowed(shadowed);
      logFindings(this.#config, log);
      if (this.#held().some((part) => !held.includes(part))) {
        log.warn(`changes of ${this.#held().join(" and ")} act after a restart`);
      }
    } else log.info({ by }, "config unchanged");
    return this.#reloaded(changed ? "applied" : "unchanged", by);
  }

  /** Files have changed into something wrong: what held before holds on. */
  refuse(error: ConfigError, by: ReloadCause): ReloadResult {
    this.#options.log.error(`config refused, the last good one stays:\n${error.message}`);
    return this.#reloaded("refused", by, error.problems.map(renderProblem));
  }

  async reload(by: ReloadCause): Promise<ReloadResult> {
    const read = async (): Promise<ReloadResult> => {
      try {
        return await this.take(await this.#options.readAgain(), by);
      } catch (thrown) {
        if (thrown instanceof ConfigError) return this.refuse(thrown, by);
        throw thrown;
      }
    };
    const result = this.#reading.then(read, read);
    this.#reading = result.catch(() => {});
    return await result;
  }

  async replaceModels(models: readonly ModelConfig[], awaited: readonly ModelName[]): Promise<void> {
    this.#replaced = models;
    await this.#update(awaited);
  }

  async facts(): Promise<ConfigFacts> {
    const refused = this.#lastReload?.errors.length ?? 0;
    return { fingerprint: this.#fingerprint, appliedAt: this.#appliedAt.toISOString(), refused };
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
    };
  }

  async metrics(): Promise<string> {
    return `${await this.#metrics.page()}${this.#ramps.page()}`;
  }

  async models(): Promise<readonly ModelEntry[]> {
    const origin = this.#replaced === undefined ? "config" : "reload";
    const shadowed = this.#shadowed();
    return [
      ...this.#base().map((model): ModelEntry => ({ model: writtenModel(model), origin, shadowed: false })),
      ...this.#added.all.map(
        (model): ModelEntry => ({ model: writtenModel(model), origin: "admin", shadowed: shadowed.has(model.name) }),
      ),
    ];
  }

  async addModel(text: string, waitMs: number): Promise<ModelEntry> {
    const model = this.#read(text);
    this.#mayChange(model.name);
    if (this.#added.get(model.name) !== undefined) {
      const message = `model "${model.name}" was added already; PUT /admin/models/NAME replaces it`;
      throw new InferenceError("ALREADY_EXISTS", message, { origin: "client" });
    }
    return await this.#set(model, waitMs);
  }

  async putModel(name: string, text: string, waitMs: number): Promise<ModelEntry & { readonly replaced: boolean }> {
    const model = this.#read(text);
    if (model.name !== name) {
      throw new InferenceError("INVALID_ARGUMENT", `expected the name "${name}", as in the path, got "${model.name}"`);
    }
    this.#mayChange(name);
    const replaced = this.#added.get(name) !== undefined;
    return { ...(await this.#set(model, waitMs)), replaced };
  }

  async removeModel(name: string): Promise<void> {
    const isAdded = this.#added.get(name) !== undefined;
    // One that is shadowed may be removed: what the files say stays.
    if (!isAdded) this.#mayChange(name);
    if (!isAdded) throw new InferenceError("NOT_FOUND", `no model is called "${name}"`);
    this.#added.delete(name);
    this.#options.log.info({ model: name }, "model removed");
    await this.#update();
  }

  async ramp(route: string, command: RampCommand): Promise<RampStatus> {
    return this.#ramps.act(route, command);
  }

  async #set(model: ModelConfig, waitMs: number): Promise<ModelEntry> {
    this.#added.set(model);
    this.#options.log.info({ model: model.name, path: model.path }, "model added");
    const taken = this.#update(waitMs > 0 ? [model.name] : undefined);
    await (waitMs > 0 ? within(waitMs, taken) : taken);
    return { model: writtenModel(model), origin: "admin", shadowed: false };
  }

  #read(text: string): ModelConfig {
    const { configSource } = this.#settings.sources;
    try {
      const folder = configSource === undefined ? process.cwd() : folderOfSource(configSource);
      return parseModelText(text, "body", folder, this.#config.pools);
    } catch (thrown) {
      if (thrown instanceof ConfigError) throw new InferenceError("INVALID_ARGUMENT", thrown.message);
      throw thrown;
    }
  }

  #mayChange(name: string): void {
    if (!this.#base().some((model) => model.name === name)) return;
    const where = this.#replaced === undefined ? this.#settings.modelsFrom : "a reload over gRPC";
    throw new InferenceError("ABORTED", `model "${name}" comes from ${where}, and is changed there`, {
      origin: "client",
    });
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
    const shadowed = this.#shadowed();
    const added = this.#added.all.filter(({ name }) => !shadowed.has(name));
    return { ...this.#settings.config, models: [...this.#base(), ...added] };
  }

  #base(): readonly ModelConfig[] {
    return this.#replaced ?? this.#settings.config.models;
  }

  /** Names that were added, and that the files have too. */
  #shadowed(): ReadonlySet<ModelName> {
    return new Set(this.#base().flatMap(({ name }) => (this.#added.get(name) === undefined ? [] : name)));
  }

  #tellShadowed(before: ReadonlySet<ModelName>): void {
    for (const model of this.#shadowed()) {
      if (before.has(model)) continue;
      this.#options.log.warn(
        { model },
        "the config has a model of this name too, which is served in place of the one added",
      );
    }
  }

  #held(): ControlStatus["actsAfterRestart"] {
    return restartParts(this.#started, this.#settings.config);
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
