import {
  KEPT_MODELS,
  type KeptModels,
  keptModels,
  type ModelConfig,
  renderProblem,
  type UnusableModel,
  writtenModel,
} from "../../config/index.ts";
import type { Logger, ModelName } from "../../core/index.ts";
import type { StateDocument, StateFolder } from "../state/index.ts";

/**
 * The models that were added over the admin API, kept for the next start. What was kept and is no model to this version
 * stays in the file, for one that knows it, until a model of its name is set or deleted.
 */
export class AddedModels {
  readonly #document: StateDocument;
  readonly #models: Map<ModelName, ModelConfig>;
  #unusable: readonly UnusableModel[];
  #isKept = true;

  constructor(state: StateFolder, log: Logger) {
    this.#document = state.document(KEPT_MODELS, Array.isArray);
    const { models, unusable } = keptModels((this.#document.read() ?? []) as readonly unknown[], this.#document.file);
    this.#models = new Map(models.map((model) => [model.name, model]));
    this.#unusable = unusable;
    for (const { problems } of unusable) {
      log.error(`a model that was added is not served any more:\n${problems.map(renderProblem).join("\n")}`);
    }
  }

  get all(): readonly ModelConfig[] {
    return [...this.#models.values()];
  }

  /** Kept, and no models to this version. */
  get unusable(): readonly UnusableModel[] {
    return this.#unusable;
  }

  /** For routes that name some of these; what is wrong has been told. */
  get kept(): KeptModels {
    return { file: this.#document.file, models: this.all, unusable: this.#unusable, problems: [] };
  }

  /** Whether a restart finds them as they are now. */
  get isKept(): boolean {
    return this.#isKept;
  }

  get(name: string): ModelConfig | undefined {
    return this.#models.get(name as ModelName);
  }

  /** Usable or not. */
  has(name: string): boolean {
    return this.get(name) !== undefined || this.#unusable.some((each) => each.name === name);
  }

  set(model: ModelConfig): void {
    this.#models.set(model.name, model);
    this.#keep(model.name);
  }

  delete(name: string): void {
    this.#models.delete(name as ModelName);
    this.#keep(name);
  }

  #keep(changed: string): void {
    this.#unusable = this.#unusable.filter(({ name }) => name !== changed);
    this.#isKept = this.#document.write([
      ...this.all.map(writtenModel),
      ...this.#unusable.map(({ written }) => written),
    ]);
  }
}
