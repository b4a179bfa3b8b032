export { difference, type FloatTolerance, isClose } from "./difference.ts";
export { type DType, type DTypeName, dtypeNamed, dtypeOf, type ValueField } from "./dtype.ts";
export * from "./json/index.ts";
export * from "./proto/index.ts";
export { joinRows, rowCount, sliceRows } from "./rows.ts";
export type { Signature, Signatures, TensorInfo } from "./signature.ts";
export { fromSmallFloat } from "./small-float.ts";
export {
  elementCount,
  type PackedTensor,
  packedTensor,
  type StringTensor,
  stringTensor,
  type Tensor,
} from "./tensor.ts";
