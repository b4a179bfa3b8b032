import { type Bytes, InferenceError, joinedBuffer, statusRow } from "../../core/index.ts";
import {
  codec,
  type GetModelMetadataRequest,
  type GetModelMetadataResponse,
  type GetModelStatusRequest,
  type GetModelStatusResponse,
  type ReloadConfigRequest,
  type ReloadConfigResponse,
} from "../../protos/index.ts";
import type { Backend } from "../backend.ts";
import type { CallContext } from "./answer.ts";
import { noSpec, specOf, unnamed } from "./parse.ts";

const metadataRequest = codec<GetModelMetadataRequest>("tensorflow.serving.GetModelMetadataRequest");
const metadataResponse = codec<GetModelMetadataResponse>("tensorflow.serving.GetModelMetadataResponse");

const SIGNATURE_DEF = "signature_def";
const SIGNATURE_DEF_MAP = "type.googleapis.com/tensorflow.serving.SignatureDefMap";

/** The order of checks and their words are those of `servables/tensorflow/get_model_metadata_impl.cc`. */
export function getModelMetadata(backend: Backend, message: Bytes, { observation, header }: CallContext): Buffer {
  const request = parseMetadataRequest(joinedBuffer(message));
  if (request.model_spec === null) throw noSpec();
  const spec = specOf(request.model_spec);
  observation.asksFor(spec);
  if (request.metadata_field.length === 0) {
    throw new InferenceError("INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field");
  }
  const unknown = request.metadata_field.find((field) => field !== SIGNATURE_DEF);
  if (unknown !== undefined) {
    throw new InferenceError("INVALID_ARGUMENT", `Metadata field ${unknown} is not supported`);
  }
  if (spec.name === "") throw unnamed();
  const target = backend.resolve(spec, header);
  observation.sentTo(target);
  return metadataResponse.encode({
    model_spec: { name: spec.name, version_choice: "version", version: { value: String(target.version) } },
    metadata: { [SIGNATURE_DEF]: { type_url: SIGNATURE_DEF_MAP, value: target.signatureDefMap } },
  });
}

function parseMetadataRequest(message: Buffer): GetModelMetadataRequest {
  try {
    return metadataRequest.decode(message);
  } catch (cause) {
    throw new InferenceError("INVALID_ARGUMENT", "the message is no GetModelMetadataRequest", { cause });
  }
}

/**
 * A label in the request is not looked at, as in TensorFlow Serving: all versions are told. Nor is it an error of its own
 * to name no model: there are no versions of it.
 */
export function getModelStatus(
  backend: Backend,
  request: GetModelStatusRequest,
  { observation }: CallContext,
): GetModelStatusResponse {
  if (request.model_spec === null) throw noSpec();
  const spec = specOf(request.model_spec);
  observation.asksFor(spec);
  const rows = backend.status(spec.name, spec.choice.by === "version" ? spec.choice.version : undefined);
  return {
    model_version_status: rows.map(statusRow),
  };
}

/** The metrics that a request names come back with what they have grown by meanwhile, each once. */
export async function reloadConfig(
  backend: Backend,
  request: ReloadConfigRequest,
  { signal }: CallContext,
): Promise<ReloadConfigResponse> {
  const before = new Map(request.metric_names.map((name) => [name, backend.metricValue(name)]));
  await backend.reload(request, signal);
  return {
    status: { error_code: "OK", error_message: "" },
    metric: Array.from(before, ([name, value]) => ({
      name,
      value_increase: "int64_value_increase",
      int64_value_increase: String(backend.metricValue(name) - value),
    })),
  };
}
