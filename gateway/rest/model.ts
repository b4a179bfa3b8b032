import { type ModelName, statusRow, type VersionChoice } from "../../core/index.ts";
import { codec, messageType, type Opaque } from "../../protos/index.ts";
import type { Backend } from "../backend.ts";
import type { Servable } from "../call.ts";
import { jsonLines, jsonText } from "./answer.ts";
import { protoJson } from "./proto-json.ts";

const SIGNATURE_DEF_MAP = "tensorflow.serving.SignatureDefMap";
const signatureDefMap = codec<Opaque>(SIGNATURE_DEF_MAP);

/** `{"models": [...]}`, as KServe's V1 protocol has it. */
export function modelsJson(backend: Backend): Uint8Array {
  return jsonText({ models: backend.modelNames() });
}

/** `GetModelStatusResponse` as proto JSON. A label is not looked at, as in TensorFlow Serving: all versions are told. */
export function statusJson(backend: Backend, name: ModelName, choice: VersionChoice): Uint8Array {
  const rows = backend.status(name, choice.by === "version" ? choice.version : undefined);
  return jsonText({
    model_version_status: rows.map(statusRow),
  });
}

/** `GetModelMetadataResponse` as TensorFlow Serving prints it: with the Any unpacked, glued together of two printed messages. */
export function metadataJson(name: ModelName, target: Servable): Uint8Array {
  const spec = { name, signature_name: "", version: String(target.version) };
  const map = protoJson(messageType(SIGNATURE_DEF_MAP), signatureDefMap.decode(target.signatureDefMap));
  const metadata = `"metadata": {"signature_def": ${jsonLines(map)}}`;
  return Buffer.from(`{\n"model_spec":${jsonLines(spec)},\n${metadata}\n}\n`);
}
