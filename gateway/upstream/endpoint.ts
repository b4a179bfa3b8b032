import type { Client } from "@grpc/grpc-js";
import type { BreakerConfig } from "../../config/index.ts";
import { type Bytes, InferenceError } from "../../core/index.ts";
import { predictionServiceRaw, workerInferenceRaw } from "../../protos/index.ts";
import type { InferenceMethod } from "../call.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { failureOf } from "./call-failure.ts";
import { Lines, type PingConfig } from "./lines.ts";
import type { CallLimits } from "./unary-call.ts";

/** What a picker looks at. */
export interface Load {
  /** Connected, let through by its breaker, and below its limit. */
  readonly pickable: boolean;
  /** Calls sent and not yet ended. */
  readonly inFlight: number;
}

export interface EndpointOptions {
  /** For messages, logs and metrics: `worker-0`. */
  readonly name: string;
  /** In gRPC's syntax: `unix:/tmp/x.sock`, `127.0.0.1:8500`. */
  readonly target: string;
  /** A worker of ours, rather than any server that speaks TensorFlow Serving's API. Default: true. */
  readonly isOwn?: boolean | undefined;
  readonly breaker: BreakerConfig;
  readonly ping?: PingConfig | undefined;
  /** Called when a call has failed as if nobody were there; the endpoint is out until `ready` is set again. */
  readonly onSuspect: () => void;
  readonly onBreaker: (state: Breaker["state"]) => void;
  /** Called when it has answered that it no longer has a version. */
  readonly onUnloaded?: () => void;
}

export interface SendingOptions {
  /** Leaves it to the worker which of a tensor's fields it fills. */
  readonly inAnyForm?: boolean | undefined;
  /** The breaker does not count it. */
  readonly isCopy?: boolean | undefined;
}

/** One worker as the gateway sees it: its connections, its load and its health. The creator closes it. */
export class Endpoint implements Load {
  readonly name: string;
  /** Used while no endpoint of a lower number can be. */
  priority = 0;
  /** Over so many calls it takes no more. */
  maxInFlight: number = Number.POSITIVE_INFINITY;
  readonly #options: EndpointOptions;
  readonly #lines: Lines;
  readonly #isOwn: boolean;
  #breaker: Breaker;
  #inFlight = 0;
  #ready = false;

  constructor(options: EndpointOptions) {
    this.name = options.name;
    const { target, ping, isOwn = true } = options;
    this.#isOwn = isOwn;
    this.#lines = new Lines({ target, ping, isOwn });
    this.#options = options;
    this.#breaker = createBreaker(options.name, options.breaker, options.onBreaker);
  }

  /** For control calls; `call` is for inference. */
  get client(): Client {
    return this.#lines.control;
  }

  /** Whether the worker is known to be there. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Told by whoever listens to it: the control connection has just been proven. `peer`: as of `Lines.reset`. */
  found(peer?: string): void {
    this.#lines.reset(peer);
    this.#ready = true;
  }

  /** Told by whoever listens to it; a call that finds it gone needs nobody to tell. */
  lost(): void {
    this.#ready = false;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get pickable(): boolean {
    return this.#ready && this.#breaker.passes && this.#inFlight < this.maxInFlight;
  }

  /** It takes no more calls only because it has so many. */
  get full(): boolean {
    return this.#ready && this.#breaker.passes && this.#inFlight >= this.maxInFlight;
  }

  get breakerState(): Breaker["state"] {
    return this.#breaker.state;
  }

  /** Sends one request message and answers with the response message. Fails as `unaryCall` does. */
  async call(
    method: InferenceMethod,
    message: Bytes,
    limits: CallLimits,
    { inAnyForm, isCopy }: SendingOptions = {},
  ): Promise<Bytes> {
    const toOwn = inAnyForm === true && method === "Predict" && this.#isOwn;
    const raw = toOwn ? workerInferenceRaw.Predict : predictionServiceRaw[method];
    this.#inFlight++;
    try {
      const send = (): Promise<Bytes> => this.#lines.call(raw, message, limits, this.name);
      return await (isCopy === true ? send() : this.#breaker.run(send));
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      const kind = failureOf(error)?.kind;
      // A dead endpoint has nothing in flight and would win every pick: it is out before anybody picks again.
      if (kind === "refused" || kind === "dropped") this.#suspect();
      else if (kind === "unloaded") this.#options.onUnloaded?.();
      throw error;
    } finally {
      this.#inFlight--;
    }
  }

  /** Other breaker settings; what the old breaker has counted is forgotten. */
  setBreaker(config: BreakerConfig): void {
    this.#breaker.close();
    this.#breaker = createBreaker(this.name, config, this.#options.onBreaker);
  }

  close(): void {
    this.#ready = false;
    this.#breaker.close();
    this.#lines.close();
  }

  #suspect(): void {
    if (!this.#ready) return;
    this.#ready = false;
    this.#options.onSuspect();
  }
}
