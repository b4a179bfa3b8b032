import {
  ConfigError,
  folderOfSource,
  type KeptModels,
  type ModelConfig,
  neededByRoute,
  parseModelText,
  placeProblem,
  renderProblem,
  type Settings,
  servedModels,
  writtenModel,
} from "../../config/index.ts";
import { InferenceError, type Logger, type ModelName } from "../../core/index.ts";
import type { StateFolder } from "../state/index.ts";
import { AddedModels } from "./added-models.ts";
import type { ModelEntry } from "./control.ts";

/** All models, with where they come from: files and flags, or a reload over gRPC in their place, and the admin API behind them. */
export class Models {
  readonly #log: Logger;
  readonly #added: AddedModels;
  #settings: Settings;
  /** By a reload over gRPC. */
  #replaced: readonly ModelConfig[] | undefined;
  /** Names that were added, and that the others have too. */
  #shadowed: ReadonlySet<ModelName> = new Set();
  /** Models that were added, and why nobody can serve them any more. */
  #unplaced: ReadonlyMap<ModelName, string> = new Map();

  constructor(settings: Settings, state: StateFolder, log: Logger) {
    this.#log = log;
    this.#added = new AddedModels(state, log);
    this.#settings = settings;
    this.#changed();
  }

  /** What is served: of two models of one name, the one that was not added. */
  get served(): readonly ModelConfig[] {
    return servedModels(this.#settings, this.#base, this.#added.all);
  }

  get entries(): readonly ModelEntry[] {
    const origin = this.#replaced === undefined ? "config" : "reload";
    return [
      ...this.#base.map((model): ModelEntry => ({ model: writtenModel(model), origin, shadowed: false })),
      ...this.#added.all.map((model) => this.entryOf(model)),
      ...this.#added.unusable.map(({ written, name = "", problems }): ModelEntry => {
        const problem = problems.map(({ message, path }) => renderProblem({ path, message })).join("\n");
        return { model: { ...(isObject(written) ? written : {}), name }, origin: "admin", shadowed: false, problem };
      }),
    ];
  }

  /** Of one that was added. */
  entryOf(model: ModelConfig): ModelEntry {
    const entry: ModelEntry = {
      model: writtenModel(model),
      origin: "admin",
      shadowed: this.#shadowed.has(model.name),
    };
    return this.#added.isKept ? entry : { ...entry, forgotten: true };
  }

  /** What routes of files may name, too. */
  get kept(): KeptModels {
    return this.#added.kept;
  }

  /** The files have been read again. */
  take(settings: Settings): void {
    this.#settings = settings;
    this.#replaced = undefined;
    this.#changed();
  }

  /** These stand in place of the files' until those are read again. */
  replace(models: readonly ModelConfig[]): void {
    this.#replaced = models;
    this.#changed();
  }

  /** Throws INVALID_ARGUMENT for what is no model, ALREADY_EXISTS, and ABORTED for names that are not the admin API's to change. */
  add(text: string): ModelConfig {
    const model = this.#read(text);
    this.#mayChange(model.name);
    if (this.#added.get(model.name) !== undefined) {
      const message = `model "${model.name}" was added already; PUT /admin/models/NAME replaces it`;
      throw new InferenceError("ALREADY_EXISTS", message, { origin: "client" });
    }
    this.#set(model);
    return model;
  }

  /** As `add`, but in place of one that was added: then `replaced`. */
  put(name: string, text: string): { readonly model: ModelConfig; readonly replaced: boolean } {
    const model = this.#read(text);
    if (model.name !== name) {
      throw new InferenceError("INVALID_ARGUMENT", `expected the name "${name}", as in the path, got "${model.name}"`);
    }
    this.#mayChange(name);
    const replaced = this.#added.get(name) !== undefined;
    this.#set(model);
    return { model, replaced };
  }

  /** One that is shadowed may be removed too. Throws NOT_FOUND, and ABORTED as `add` or for one that a route names. */
  remove(name: string): void {
    if (!this.#added.has(name)) {
      this.#mayChange(name);
      throw new InferenceError("NOT_FOUND", `no model is called "${name}"`);
    }
    if (this.#added.get(name) !== undefined && !this.#shadowed.has(name as ModelName)) this.#mayBecome(name, undefined);
    this.#added.delete(name);
    this.#changed();
    this.#log.info({ model: name }, "model removed");
  }

  get #base(): readonly ModelConfig[] {
    return this.#replaced ?? this.#settings.config.models;
  }

  #set(model: ModelConfig): void {
    this.#mayBecome(model.name, model);
    this.#added.set(model);
    this.#changed();
    this.#log.info({ model: model.name, path: model.path }, "model added");
  }

  #read(text: string): ModelConfig {
    const { config, sources } = this.#settings;
    const folder = sources.configSource === undefined ? process.cwd() : folderOfSource(sources.configSource);
    try {
      return parseModelText(text, "body", folder, config);
    } catch (thrown) {
      if (thrown instanceof ConfigError) throw new InferenceError("INVALID_ARGUMENT", thrown.message);
      throw thrown;
    }
  }

  #mayChange(name: string): void {
    if (!this.#base.some((model) => model.name === name)) return;
    const where = this.#replaced === undefined ? this.#settings.modelsFrom : "a reload over gRPC";
    const message = `model "${name}" comes from ${where}, and is changed there`;
    throw new InferenceError("ABORTED", message, { origin: "client" });
  }

  /** Routes of the files name only what there is, now and after the next reload of the same. */
  #mayBecome(name: string, next: ModelConfig | undefined): void {
    const needed = neededByRoute(this.#settings.config.routes, name, next);
    if (needed === undefined) return;
    const message = `model "${name}" stays as it is: ${needed}, and is changed first`;
    throw new InferenceError("ABORTED", message, { origin: "client" });
  }

  #changed(): void {
    const before = this.#shadowed;
    this.#shadowed = new Set(this.#base.flatMap(({ name }) => (this.#added.get(name) === undefined ? [] : name)));
    for (const model of this.#shadowed) {
      if (before.has(model)) continue;
      this.#log.warn({ model }, "another model of this name is configured, and served in place of the one added");
    }
    const unplaced = this.#unplaced;
    const problems = this.#added.all.map((model) => [model.name, placeProblem(model, this.#settings.config)] as const);
    this.#unplaced = new Map(problems.flatMap(([model, problem]) => (problem === undefined ? [] : [[model, problem]])));
    for (const [model, problem] of this.#unplaced) {
      if (unplaced.get(model) === problem) continue;
      this.#log.error({ model }, `a model that was added cannot be served any more: ${problem}`);
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
