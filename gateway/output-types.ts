import { DEFAULT_SIGNATURE, type ModelName } from "../core/index.ts";
import type { TensorInfo } from "../tensor/index.ts";
import type { RoutedCall } from "./call.ts";

export type OutputInfos = ReadonlyMap<string, TensorInfo>;

/**
 * What signatures give, of versions that calls were sent to: it is known still when none of them is available, so that what stands
 * in for their answers has their types. One entry a signature of a model.
 */
export class OutputTypes {
  readonly #known = new Map<string, OutputInfos>();

  saw({ target, call }: RoutedCall): void {
    const signature = call.spec.signature || DEFAULT_SIGNATURE;
    const outputs = target.signatures.get(signature)?.outputs;
    if (outputs !== undefined) this.#known.set(keyOf(target.name, signature), outputs);
  }

  /** `signature`: "" for the default one. */
  of(model: ModelName, signature: string): OutputInfos | undefined {
    return this.#known.get(keyOf(model, signature || DEFAULT_SIGNATURE));
  }
}

function keyOf(model: ModelName, signature: string): string {
  return JSON.stringify([model, signature]);
}
