import type { ShadowConfig } from "../../config/index.ts";
import { type CallSignal, deadlineIn, InferenceError, type Logger } from "../../core/index.ts";
import type { Answer, RoutedCall, Servable } from "../call.ts";
import type { Comparison } from "../comparing/index.ts";
import type { ShadowLabels, ShadowMetrics, ShadowOutcome } from "../observe/index.ts";
import type { Comparer } from "../threads/index.ts";
import { type CopiedCall, copyFor } from "./copied-call.ts";
import { type GivenAnswer, isTooLong } from "./given-answer.ts";
import { MinuteLimit, Samples, type ShadowSample } from "./samples.ts";
import type { SpareTime } from "./spare-time.ts";

export interface ShadowParts {
  /** The version that a shadow's target stands for at this moment; undefined: there is none. */
  readonly servableOf: (call: Pick<CopiedCall, "spec">, target: ShadowConfig["target"]) => Servable | undefined;
  /** Once, to one version. */
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  readonly comparer: Comparer;
  readonly metrics: ShadowMetrics;
  readonly log: Logger;
  readonly spareTime: SpareTime;
  /** Aborted when the gateway shuts down. */
  readonly ended: CallSignal;
}

/** How long comparing two answers may take. */
const COMPARING_MS = 30_000;

/** One shadow of a route: what is under way for it, and what it has found. */
export class Shadow {
  config: ShadowConfig;
  readonly labels: ShadowLabels;
  readonly #parts: ShadowParts;
  readonly #samples = new Samples();
  readonly #logged = new MinuteLimit();
  readonly #failuresLogged = new MinuteLimit();
  readonly #outputs = new Set<string>();
  #inFlight = 0;
  #bytes = 0;

  constructor(route: string, config: ShadowConfig, parts: ShadowParts) {
    this.labels = { route, target: config.name };
    this.config = config;
    this.#parts = parts;
  }

  /** Whether one more copy may be under way. */
  hasRoom(bytes: number): boolean {
    const { maxInFlight, maxBytes } = this.config;
    return !this.#parts.ended.aborted && this.#inFlight < maxInFlight && this.#bytes + bytes <= maxBytes;
  }

  drop(): void {
    this.#parts.metrics.ended(this.labels, "dropped");
  }

  /** Sends a copy in a later turn of the event loop, and compares its answer with the caller's. Never rejects. */
  async run(copied: CopiedCall, expected: GivenAnswer | undefined): Promise<void> {
    if (!this.hasRoom(copied.bytes)) return this.drop();
    this.#inFlight++;
    this.#bytes += copied.bytes;
    const { metrics, ended } = this.#parts;
    try {
      metrics.ended(this.labels, await this.#outcome(copied, expected));
    } catch (thrown) {
      if (ended.aborted) return this.drop();
      // Where its caller has no answer either, as a wrong request has none, it says nothing of the shadow.
      const isAlone = expected !== undefined;
      metrics.ended(this.labels, isAlone ? "error" : "uncompared");
      if (isAlone || !(thrown instanceof InferenceError)) this.#tellFailure(thrown);
    } finally {
      this.#inFlight--;
      this.#bytes -= copied.bytes;
    }
  }

  recent(): readonly ShadowSample[] {
    return this.#samples.recent();
  }

  /** It is there no more. */
  forget(): void {
    this.#parts.metrics.forget(this.labels, this.#outputs);
  }

  async #outcome(copied: CopiedCall, expected: GivenAnswer | undefined): Promise<ShadowOutcome> {
    const { comparer, metrics, spareTime, ended } = this.#parts;
    const answer = await spareTime.call(() => this.#send(copied));
    if (expected === undefined || answer.target === undefined) return "uncompared";
    const { method } = copied;
    const { content } = expected;
    if (method === "MultiInference" || content === undefined || isTooLong(answer.content)) return "skipped";
    const limits = { deadline: deadlineIn(COMPARING_MS), signal: ended };
    const compare = () => comparer.compare(method, content, answer.content, this.config.tolerance, limits);
    const { outputs, worst } = await spareTime.call(compare);
    for (const output of outputs) {
      this.#outputs.add(output.output);
      metrics.compared(this.labels, output);
    }
    if (worst === undefined) return "equal";
    this.#tell(sampleOf(this.labels, expected.target, answer.target, worst));
    return "different";
  }

  #send(copied: CopiedCall): Promise<Answer> {
    const { servableOf, send, ended } = this.#parts;
    const { target, timeoutMs } = this.config;
    const servable = servableOf(copied, target);
    if (servable === undefined)
      throw new InferenceError("UNAVAILABLE", "no version that the shadow names is available");
    return send(copyFor(copied, target, servable, { deadline: deadlineIn(timeoutMs), signal: ended }));
  }

  #tell(sample: ShadowSample): void {
    this.#samples.add(sample);
    if (this.#logged.passes(this.config.samplesPerMinute)) this.#parts.log.info(sample, "shadow answers differ");
  }

  #tellFailure(thrown: unknown): void {
    const { log } = this.#parts;
    const error = InferenceError.from(thrown, "gateway");
    if (error !== thrown) log.error({ ...this.labels, err: thrown }, "unexpected error");
    else if (this.#failuresLogged.passes(this.config.samplesPerMinute)) {
      log.info({ ...this.labels, code: error.code, error: error.message }, "a shadow has not answered");
    }
  }
}

type Worst = NonNullable<Comparison["worst"]>;

function sampleOf(labels: ShadowLabels, caller: Servable, copy: Servable, worst: Worst): ShadowSample {
  const { output, mismatch, maxAbsDifference, rows, disagreeing, values } = worst;
  const [callerValues, copyValues] = values;
  return {
    ...labels,
    at: new Date().toISOString(),
    callerVersion: `${caller.name} ${caller.version}`,
    copyVersion: `${copy.name} ${copy.version}`,
    output,
    ...(mismatch === undefined ? {} : { mismatch }),
    ...(maxAbsDifference === undefined ? {} : { maxAbsDifference }),
    rows,
    disagreeingRows: disagreeing,
    callerValues,
    copyValues,
  };
}
