import type { BatchingConfig } from "../../config/index.ts";
import type { Logger, ModelName } from "../../core/index.ts";
import type { Answer, RoutedCall, Servable } from "../call.ts";
import { batchKey, passengerOf } from "./batch.ts";
import { BatchQueue } from "./batch-queue.ts";

export interface BatchingOptions {
  /** Asked for each call; undefined: the model's calls travel alone. */
  readonly configOf: (model: ModelName) => BatchingConfig | undefined;
  /** How many endpoints have the version. */
  readonly endpointCount: (target: Servable) => number;
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  /** Told of each departure: how many calls go as one. */
  readonly onDeparture: (target: Servable, signature: string, calls: number) => void;
  readonly log: Logger;
}

/**
 * Joins concurrent Predict calls for one version and signature into one. What is kept belongs to a version: it goes when
 * nobody holds its Servable any more.
 */
export function createBatching(options: BatchingOptions): (routed: RoutedCall) => Promise<Answer> {
  const { configOf, endpointCount, send, onDeparture, log } = options;
  const byTarget = new WeakMap<Servable, Kinds>();

  return async function batched(routed) {
    const { target, call } = routed;
    const config = call.method === "Predict" ? configOf(target.name) : undefined;
    const passenger = config === undefined ? undefined : passengerOf(routed);
    if (config === undefined || passenger === undefined || passenger.rows > config.maxRows) return await send(routed);

    const kinds = kindsOf(byTarget, target);
    const { signature } = passenger.request;
    if (kinds.indivisible.has(signature)) return await send(routed);
    const key = `${JSON.stringify(config)}${batchKey(passenger.request)}`;
    const queue =
      kinds.queues.get(key) ??
      new BatchQueue({
        config,
        send,
        slots: () => config.maxInFlight ?? Math.max(1, endpointCount(target)),
        onDeparture: (calls) => onDeparture(target, signature, calls),
        onIdle: () => kinds.queues.delete(key),
        onIndivisible: () => {
          kinds.indivisible.add(signature);
          const { name, version } = target;
          log.warn(
            { model: name, version: String(version), signature },
            "answers cannot be split: not batched any more",
          );
        },
      });
    kinds.queues.set(key, queue);
    return await queue.run(passenger);
  };
}

interface Kinds {
  readonly queues: Map<string, BatchQueue>;
  /** Signatures whose answers have no row for each row of the question. */
  readonly indivisible: Set<string>;
}

function kindsOf(byTarget: WeakMap<Servable, Kinds>, target: Servable): Kinds {
  const known = byTarget.get(target);
  if (known !== undefined) return known;
  const kinds: Kinds = { queues: new Map(), indivisible: new Set() };
  byTarget.set(target, kinds);
  return kinds;
}
