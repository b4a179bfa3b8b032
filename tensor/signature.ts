import type { DType } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** What a signature says of one input or output (`tensorflow.TensorInfo`). */
export interface TensorInfo {
  /** The graph's own name, `x:0`; "" for a sparse or composite tensor, which cannot be fed by alias. */
  readonly name: string;
  /** Undefined for DT_INVALID (`__saved_model_init_op`). */
  readonly dtype: DType | undefined;
  /** -1 = any size; undefined = unknown rank. Told to clients, never enforced: the graph decides. */
  readonly shape: readonly number[] | undefined;
}

/** `tensorflow.SignatureDef`, aliases to tensors. */
export interface Signature {
  readonly key: string;
  readonly methodName: string;
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  /** Values for inputs that a request leaves out; empty for most models. */
  readonly defaults: ReadonlyMap<string, Tensor>;
}

export type Signatures = ReadonlyMap<string, Signature>;
