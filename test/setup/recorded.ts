/** The format of `examples/recorded/*.json`: what Python TensorFlow answered. */
export interface RecordedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Row-major; bytes as `{b64}`. */
  readonly values: readonly RecordedValue[];
}
export type RecordedValue = number | string | boolean | { readonly b64: string };

export interface RecordedCase {
  readonly name: string;
  readonly method: "predict" | "classify" | "regress";
  readonly version?: string;
  readonly signature: string;
  readonly request: object;
  readonly row: boolean;
  readonly inputs?: Readonly<Record<string, RecordedTensor>>;
  readonly outputs?: Readonly<Record<string, RecordedTensor>>;
  readonly examples_b64?: readonly string[];
  readonly results?: readonly unknown[];
}

/** The body that REST owes for a case: rows or columns, one output without its name. */
export function restAnswer(recorded: RecordedCase): unknown {
  if (recorded.results !== undefined) return { results: recorded.results };
  const outputs = Object.entries(recorded.outputs ?? {}).map(([alias, tensor]) => [alias, nested(tensor)] as const);
  const [first] = outputs;
  if (first === undefined) throw new Error(`${recorded.name} has no outputs`);
  if (!recorded.row) return { outputs: outputs.length === 1 ? first[1] : Object.fromEntries(outputs) };
  if (outputs.length === 1) return { predictions: first[1] };
  const rows = (first[1] as unknown[]).map((_, row) =>
    Object.fromEntries(outputs.map(([alias, values]) => [alias, (values as unknown[])[row]])),
  );
  return { predictions: rows };
}

function nested({ shape, values }: RecordedTensor): unknown {
  const build = (dim: number, from: number): unknown => {
    if (dim === shape.length) return values[from];
    const stride = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
    return Array.from({ length: shape[dim] as number }, (_, i) => build(dim + 1, from + i * stride));
  };
  return build(0, 0);
}
