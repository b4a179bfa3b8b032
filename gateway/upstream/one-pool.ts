import type { ModelName } from "../../core/index.ts";
import type { Answer, RoutedCall } from "../call.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Registry } from "./registry.ts";

/** The local workers, or one entry of `pools:`. */
export interface OnePool {
  /** What is served where, at this moment. */
  readonly registry: Registry<Endpoint>;
  /** Gives a call to an endpoint. */
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  /** What still keeps the gateway from being ready, one sentence each; default: of all models. */
  missing(of?: ModelName): string[];
  /** Whether every connected endpoint has taken over the models of the last `apply`. */
  applied(): boolean;
  /** Whether the model answers, or has failed to load, on every connected endpoint. */
  decided(name: ModelName): boolean;
}
