import { ConfigError, type ModelConfig, parseModelText, writtenModel } from "../../config/index.ts";
import type { Logger, ModelName } from "../../core/index.ts";
import type { StateDocument, StateFolder } from "../state/index.ts";

/** The models that were added over the admin API, kept for the next start. */
export class AddedModels {
  readonly #document: StateDocument;
  readonly #models = new Map<ModelName, ModelConfig>();

  constructor(state: StateFolder, log: Logger) {
    this.#document = state.document("models");
    const kept = this.#document.read();
    if (kept !== undefined && !Array.isArray(kept))
      log.error("models.json is no list: the models that were added are lost");
    for (const each of Array.isArray(kept) ? kept : []) {
      try {
        // What is kept has absolute paths.
        const model = parseModelText(JSON.stringify(each), "models.json", "/");
        this.#models.set(model.name, model);
      } catch (thrown) {
        if (!(thrown instanceof ConfigError)) throw thrown;
        log.error(`a model that was added is not served any more:\n${thrown.message}`);
      }
    }
  }

  get all(): readonly ModelConfig[] {
    return [...this.#models.values()];
  }

  get(name: string): ModelConfig | undefined {
    return this.#models.get(name as ModelName);
  }

  set(model: ModelConfig): void {
    this.#models.set(model.name, model);
    this.#keep();
  }

  delete(name: string): void {
    this.#models.delete(name as ModelName);
    this.#keep();
  }

  #keep(): void {
    this.#document.write(this.all.map(writtenModel));
  }
}
