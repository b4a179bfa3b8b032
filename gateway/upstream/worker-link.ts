import type { BreakerConfig } from "../../config/index.ts";
import { CallController, deadlineIn, InferenceError, type Logger } from "../../core/index.ts";
import type { ApplyModelsRequest } from "../../protos/index.ts";
import type { Changes } from "./changes.ts";
import { Endpoint } from "./endpoint.ts";
import type { EndpointWatch, WatchOptions } from "./endpoint-watch.ts";
import type { PingConfig } from "./lines.ts";
import type { Registry } from "./registry.ts";
import { askServing, reasonOf } from "./serving-questions.ts";

const LAST_QUESTION_MS = 1_000;

export interface WorkerLinkOptions {
  readonly name: string;
  /** In gRPC's syntax. */
  readonly target: string;
  readonly isOwn: boolean;
  readonly breaker: BreakerConfig;
  readonly ping?: PingConfig | undefined;
  readonly wanted: ApplyModelsRequest;
  /** How it is found out what the worker serves. */
  readonly watch: (options: WatchOptions) => EndpointWatch;
  readonly registry: Registry<Endpoint>;
  readonly changes: Changes;
  readonly log: Logger;
  /** The worker reports, for the first time or again. */
  readonly onReady: () => void;
  /** Once it has been silent for `silentMs`, and again after it was there. `reason`: for people. */
  readonly onSilent: (reason: string) => void;
  /** A process of somebody else: it may be silent from the start. */
  readonly isElsewhere: boolean;
  readonly silentMs: number;
}

/**
 * Everything that the gateway holds about one worker: its endpoint, and the watch that feeds the registry and tells
 * whether the endpoint is ready. A worker that is lost keeps its versions in the registry, as it may be back at once;
 * it only isn't picked. The creator closes the link once the worker is gone.
 */
export class WorkerLink {
  readonly endpoint: Endpoint;
  readonly #options: WorkerLinkOptions;
  readonly #watch: EndpointWatch;
  /** Begins with a silence; kept until it is over. */
  #silence: NodeJS.Timeout | undefined;
  #reason: string | undefined;

  constructor(options: WorkerLinkOptions) {
    const { name, target, isOwn, breaker, ping, wanted, changes, log } = options;
    this.#options = options;
    this.endpoint = new Endpoint({
      name,
      target,
      isOwn,
      breaker,
      ping,
      onSuspect: () => {
        log.warn("a call did not get through to the worker");
        this.#watch.recheck();
      },
      onBreaker: (state) => {
        log.warn({ state }, "the worker's breaker has changed");
        changes.notify();
      },
      onUnloaded: () => this.#watch.unloaded(),
    });
    this.#watch = options.watch({
      client: this.endpoint.client,
      log,
      onReport: (response, peer) => {
        options.registry.report(this.endpoint, response);
        if (!this.endpoint.ready) this.#found(peer);
      },
      onLost: (reason) => this.#lost(reason),
    });
    if (options.isElsewhere) this.#beginSilence();
    this.#watch.apply(wanted);
    this.#watch.open();
  }

  /** Tells the worker what it should serve from now on. */
  apply(wanted: ApplyModelsRequest): void {
    this.#watch.apply(wanted);
  }

  close(): void {
    this.#endSilence();
    this.#watch.close();
    this.endpoint.close();
    this.#options.registry.remove(this.endpoint);
  }

  /** It is not listened to any more, and what it serves is forgotten; calls in flight go on until it is closed. */
  leave(): void {
    this.#endSilence();
    this.#watch.close();
    this.#options.registry.remove(this.endpoint);
  }

  #found(peer: string | undefined): void {
    this.#endSilence();
    this.#reason = undefined;
    this.endpoint.found(peer);
    this.#options.onReady();
    this.#options.changes.notify();
  }

  #lost(reason: string): void {
    this.#reason = reason;
    this.endpoint.lost();
    this.#options.changes.notify();
    this.#beginSilence();
  }

  #beginSilence(): void {
    this.#silence ??= setTimeout(() => void this.#tellSilence(), this.#options.silentMs).unref();
  }

  #endSilence(): void {
    clearTimeout(this.#silence);
    this.#silence = undefined;
  }

  async #tellSilence(): Promise<void> {
    const silence = this.#silence;
    const reason = this.#reason ?? (await whyAway(this.endpoint));
    if (silence === this.#silence) this.#options.onSilent(reason);
  }
}

/** What a question brings of an endpoint that has never said why it does not answer. */
async function whyAway({ client }: Endpoint): Promise<string> {
  const limits = { deadline: deadlineIn(LAST_QUESTION_MS), signal: new CallController().signal };
  try {
    await askServing(client, () => limits).status("");
    return "it has not said what it serves";
  } catch (thrown) {
    return reasonOf(InferenceError.from(thrown, "worker"));
  }
}
