import type { BatchingConfig } from "../../config/index.ts";
import { DEFAULT_SIGNATURE, type Logger } from "../../core/index.ts";
import type { Signature } from "../../tensor/index.ts";
import type { Answer, InferenceMethod, Merging, RoutedCall, Servable } from "../call.ts";
import { Traffic } from "./traffic.ts";

export interface BatchingOptions {
  /** Asked for each call; undefined: the model's calls travel alone. */
  readonly configOf: (target: Servable) => BatchingConfig | undefined;
  /** How many endpoints have the version. */
  readonly endpointCount: (target: Servable) => number;
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  /** Told of each departure: how many calls go as one. */
  readonly onDeparture: (target: Servable, signature: string, calls: number) => void;
  readonly log: Logger;
}

export interface Batching {
  /** The step of a request that gives it to a worker, alone or with its neighbours. */
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  /** By signature: what the workers have found of a version, and what real calls have shown since. */
  readonly mergingOf: (target: Servable) => ReadonlyMap<string, Merging>;
}

type Traffics = Readonly<Record<InferenceMethod, Map<string, Traffic>>>;

/**
 * Joins concurrent calls for one version and signature into one, where that is proven to be safe. What is kept belongs to a
 * version: it goes when nobody holds its Servable any more.
 */
export function createBatching(options: BatchingOptions): Batching {
  const { configOf, send } = options;
  const byTarget = new WeakMap<Servable, Traffics>();
  const trafficsOf = (target: Servable): Traffics => {
    const known = byTarget.get(target);
    if (known !== undefined) return known;
    const traffics = { Predict: new Map(), Classify: new Map(), Regress: new Map(), MultiInference: new Map() };
    byTarget.set(target, traffics);
    return traffics;
  };

  return {
    send(routed) {
      const { call, target } = routed;
      const config = configOf(target);
      if (config === undefined || call.body.inputsFor === undefined) return send(routed);
      const bySignature = trafficsOf(target)[call.method];
      const key = call.spec.signature || DEFAULT_SIGNATURE;
      let traffic = bySignature.get(key);
      if (traffic === undefined) {
        const signature = target.signatures.get(key);
        if (signature === undefined) return send(routed);
        traffic = trafficOf(options, target, signature, config);
        bySignature.set(key, traffic);
      }
      traffic.config = config;
      return traffic.run(routed);
    },

    mergingOf(target) {
      const merging = new Map(target.merging);
      for (const traffics of Object.values(byTarget.get(target) ?? {})) {
        for (const [signature, { verdict }] of traffics) {
          if (merging.get(signature)?.is !== "refused") merging.set(signature, verdict);
        }
      }
      return merging;
    },
  };
}

function trafficOf(
  { endpointCount, send, onDeparture, log }: BatchingOptions,
  target: Servable,
  signature: Signature,
  config: BatchingConfig,
): Traffic {
  return new Traffic({
    signature,
    verdict: isOfRows(signature) ? (target.merging.get(signature.key) ?? NOT_EXAMINED) : NO_ROWS,
    config,
    send,
    endpointCount: () => endpointCount(target),
    onDeparture: (calls) => onDeparture(target, signature.key, calls),
    onVerdict(verdict) {
      const facts = { model: target.name, version: String(target.version), signature: signature.key };
      if (verdict.is !== "refused") log.info(facts, "calls are joined from now on: pairs answer as they do alone");
      else log.warn({ ...facts, reason: verdict.reason }, "calls are not joined");
    },
  });
}

const NOT_EXAMINED: Merging = { is: "refused", reason: "not examined" };
const NO_ROWS: Merging = { is: "refused", reason: "an input or output has no first dimension of any size" };

/** Every input and output has a first dimension of any size, or a shape that isn't told. */
function isOfRows({ inputs, outputs }: Signature): boolean {
  return [...inputs.values(), ...outputs.values()].every(({ shape }) => shape === undefined || shape[0] === -1);
}
