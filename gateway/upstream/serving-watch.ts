import { isDeepStrictEqual } from "node:util";
import { CallController, deadlineIn, InferenceError } from "../../core/index.ts";
import type { ApplyModelsRequest, ModelReport, WantedModel } from "../../protos/index.ts";
import type { EndpointWatch, WatchOptions } from "./endpoint-watch.ts";
import { ServedModels } from "./served-models.ts";
import { askServing, reasonOf } from "./serving-questions.ts";

export interface ServingWatchOptions extends WatchOptions {
  /** Asked before each wait, so that a reload counts at once. */
  readonly intervalMs: () => number;
}

/** A server that has not answered within this is taken for gone. */
const ANSWER_MS = 5_000;
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 1_000;
/** Questions under way at once. */
const AT_ONCE = 8;

/**
 * Finds out what a server without WorkerControl serves, TensorFlow Serving above all: asks for the status of each wanted
 * model over and over, and once for the signatures of each version that is available. What it serves is the server's own
 * affair: nothing is loaded there. The creator closes it.
 */
export class ServingWatch implements EndpointWatch {
  readonly #options: ServingWatchOptions;
  readonly #ended = new CallController();
  readonly #served: ServedModels;
  #wanted: ApplyModelsRequest = { models: [], generation: "0" };
  /** What was reported last; undefined: nothing since the server was there. */
  #told: { readonly generation: string; readonly models: readonly ModelReport[] } | undefined;
  #delayMs = FIRST_DELAY_MS;
  #timer: NodeJS.Timeout | undefined;
  /** Counts the looks that were begun; what an overtaken one has found is not told. */
  #look = 0;

  constructor(options: ServingWatchOptions) {
    this.#options = options;
    const limits = () => ({ deadline: deadlineIn(ANSWER_MS), signal: this.#ended.signal });
    this.#served = new ServedModels(askServing(options.client, limits));
  }

  open(): void {
    this.#lookIn(0);
  }

  apply(wanted: ApplyModelsRequest): void {
    this.#wanted = wanted;
    if (this.#look > 0) this.#lookIn(0);
  }

  recheck(): void {
    if (this.#told === undefined) return;
    this.#lost("a call did not get through");
  }

  /** Whatever it says of it now is news. */
  unloaded(): void {
    if (this.#told === undefined) return;
    this.#told = { ...this.#told, models: [] };
    this.#lookIn(FIRST_DELAY_MS);
  }

  close(): void {
    this.#told = undefined;
    this.#look++;
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  /** In place of any look that is under way or to come. */
  #lookIn(delayMs: number): void {
    const look = ++this.#look;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(look), delayMs);
  }

  async #run(look: number): Promise<void> {
    const { models: wanted, generation } = this.#wanted;
    try {
      const models = await this.#ask(wanted, () => look === this.#look);
      if (look !== this.#look) return;
      this.#tell(generation, models);
      this.#delayMs = FIRST_DELAY_MS;
      this.#lookIn(this.#options.intervalMs());
    } catch (thrown) {
      if (look === this.#look) this.#lost(reasonOf(InferenceError.from(thrown, "worker")));
    }
  }

  async #ask(wanted: readonly WantedModel[], goesOn: () => boolean): Promise<readonly ModelReport[]> {
    const reports: ModelReport[] = [];
    for (let i = 0; i < wanted.length && goesOn(); i += AT_ONCE) {
      const some = wanted.slice(i, i + AT_ONCE);
      reports.push(...(await Promise.all(some.map((model) => this.#served.report(model)))));
    }
    if (wanted.length === 0) await this.#served.greet();
    this.#served.keep(wanted);
    return reports;
  }

  #tell(generation: string, models: readonly ModelReport[]): void {
    const told = { generation, models };
    if (isDeepStrictEqual(this.#told, told)) return;
    this.#told = told;
    this.#options.onReport({ complete: true, models, generation, memory_bytes: "0" });
  }

  #lost(reason: string): void {
    if (this.#told !== undefined) this.#options.log.debug({ reason }, "lost the server");
    this.#told = undefined;
    // Who answers next may be another program, with other models of the same names and versions.
    this.#served.keep([]);
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2);
    this.#lookIn(delayMs);
    this.#options.onLost(reason);
  }
}
