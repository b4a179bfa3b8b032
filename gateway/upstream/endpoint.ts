import { Client, credentials } from "@grpc/grpc-js";
import type { BreakerConfig } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";
import { predictionServiceRaw } from "../../protos/index.ts";
import type { InferenceMethod } from "../call.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { failureOf } from "./call-failure.ts";
import { type CallLimits, unaryCall } from "./unary-call.ts";

/** What a picker looks at. */
export interface Load {
  /** Connected, and let through by its breaker. */
  readonly pickable: boolean;
  /** Calls sent and not yet ended. */
  readonly inFlight: number;
}

/** How a process that hangs is noticed: its connection is given up `timeoutMs` after a ping that it doesn't answer. */
export interface PingConfig {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

const PING: PingConfig = { everyMs: 5_000, timeoutMs: 10_000 };

export interface EndpointOptions {
  /** For messages, logs and metrics: `worker-0`. */
  readonly name: string;
  /** In gRPC's syntax: `unix:/tmp/x.sock`, `127.0.0.1:8500`. */
  readonly target: string;
  readonly breaker: BreakerConfig;
  readonly ping?: PingConfig;
  /** Called when a call has failed as if nobody were there; the endpoint is out until `ready` is set again. */
  readonly onSuspect: () => void;
  readonly onBreaker: (state: Breaker["state"]) => void;
}

/**
 * Messages have no limit here (what comes in is bounded at the edges). With the window, an answer of 8 MB takes a third
 * of the time that it takes with HTTP/2's 64 KiB. A socket that isn't there yet is tried often, it costs nothing.
 */
const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc-node.flow_control_window": 4 * 2 ** 20,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 200,
  "grpc.enable_retries": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
} as const;

/** One worker as the gateway sees it: a connection, its load and its health. The creator closes it. */
export class Endpoint implements Load {
  readonly name: string;
  /** For control calls; `call` is for inference. */
  readonly client: Client;
  readonly #options: EndpointOptions;
  #breaker: Breaker;
  #inFlight = 0;
  #ready = false;

  constructor(options: EndpointOptions) {
    this.name = options.name;
    const { everyMs, timeoutMs } = options.ping ?? PING;
    this.client = new Client(options.target, credentials.createInsecure(), {
      ...CHANNEL_OPTIONS,
      "grpc.keepalive_time_ms": everyMs,
      "grpc.keepalive_timeout_ms": timeoutMs,
    });
    this.#options = options;
    this.#breaker = createBreaker(options.name, options.breaker, options.onBreaker);
  }

  /** Whether the worker is known to be there: set by whoever listens to it, cleared by a call that finds it gone. */
  get ready(): boolean {
    return this.#ready;
  }
  set ready(value: boolean) {
    this.#ready = value;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get pickable(): boolean {
    return this.#ready && this.#breaker.passes;
  }

  get breakerState(): Breaker["state"] {
    return this.#breaker.state;
  }

  /** Sends one request message and answers with the response message. Fails as `unaryCall` does. */
  async call(method: InferenceMethod, message: Uint8Array, limits: CallLimits): Promise<Buffer> {
    this.#inFlight++;
    try {
      return await this.#breaker.run(() =>
        unaryCall(this.client, predictionServiceRaw[method], message, limits, this.name),
      );
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      const kind = failureOf(error)?.kind;
      // A dead endpoint has nothing in flight and would win every pick: it is out before anybody picks again.
      if (kind === "refused" || kind === "dropped") this.#suspect();
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
    this.client.close();
  }

  #suspect(): void {
    if (!this.#ready) return;
    this.#ready = false;
    this.#options.onSuspect();
  }
}
