import type { Signature, TensorInfo } from "../../tensor/index.ts";

/** A signature for an error text: what it takes and what it gives. */
export function describeSignature({ inputs, outputs, methodName }: Signature): string {
  return `inputs {${list(inputs)}} outputs {${list(outputs)}} method_name: "${methodName}"`;
}

function list(infos: ReadonlyMap<string, TensorInfo>): string {
  return Array.from(infos, ([alias, { name, dtype }]) => `${alias}: ${dtype?.name ?? "invalid"} ${name}`).join(", ");
}
