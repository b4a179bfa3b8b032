import { type Bytes, InferenceError, joinedBuffer } from "../../core/index.ts";
import { codec, type GetModelMetadataRequest, type GetModelMetadataResponse } from "../../protos/index.ts";
import { requestSpec } from "../../tensor/index.ts";
import type { Manager } from "../lifecycle/index.ts";
import { acquireFor, checkedSpec } from "./target.ts";

const requests = codec<GetModelMetadataRequest>("tensorflow.serving.GetModelMetadataRequest");
const responses = codec<GetModelMetadataResponse>("tensorflow.serving.GetModelMetadataResponse");
const SIGNATURE_DEF = "signature_def";

/** `PredictionService.GetModelMetadata` on message bytes. The rules and words are those of `get_model_metadata_impl.cc`. */
export function metadata(manager: Manager, bytes: Bytes): Uint8Array {
  const spec = requestSpec("GetModelMetadata", bytes);
  if (spec === undefined) throw new InferenceError("INVALID_ARGUMENT", "Missing ModelSpec");
  checkFields(fieldsOf(joinedBuffer(bytes)));
  using handle = acquireFor(manager, checkedSpec(spec));
  const value = Buffer.from(handle.model.signatureDefMap);
  return responses.encode({
    model_spec: { name: handle.name, version_choice: "version", version: { value: String(handle.version) } },
    metadata: { [SIGNATURE_DEF]: { type_url: "type.googleapis.com/tensorflow.serving.SignatureDefMap", value } },
  });
}

function fieldsOf(bytes: Buffer): readonly string[] {
  try {
    return requests.decode(bytes).metadata_field;
  } catch (thrown) {
    throw new InferenceError("INVALID_ARGUMENT", "malformed GetModelMetadataRequest", { cause: thrown });
  }
}

function checkFields(fields: readonly string[]): void {
  if (fields.length === 0) {
    throw new InferenceError("INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field");
  }
  const unknown = fields.find((field) => field !== SIGNATURE_DEF);
  if (unknown !== undefined) {
    throw new InferenceError("INVALID_ARGUMENT", `Metadata field ${unknown} is not supported`);
  }
}
