import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

/** The files that together import every other. Paths are import paths, below the folder that holds this file's `.proto`s. */
const entryFiles = [
  "tensorflow_serving/apis/prediction_service.proto",
  "tensorflow_serving/apis/model_service.proto",
  "tensorflow_serving/apis/prediction_log.proto",
  "tensorflow_serving/config/monitoring_config.proto",
  "tensorflow_serving/config/platform_config.proto",
  "tensorflow_serving/config/ssl_config.proto",
  "tensorflow_serving/servables/tensorflow/saved_model_bundle_source_adapter.proto",
  "tensorflow/core/protobuf/fingerprint.proto",
  "tensorflow/core/protobuf/saved_model.proto",
  "tensorgate/v1/worker.proto",
];

/** Resolved through the package's own name for its files, so that it is the same folder from source, from `dist/` and once installed. */
const protoFolder: string = fileURLToPath(new URL("./protos/", import.meta.resolve("#asset/package.json")));

let loaded: protobuf.Root | undefined;

/**
 * Every message, enum and service of `protos/`, parsed on first use and kept. `google/protobuf/*.proto` come with protobufjs.
 *
 * Field names stay as they are written (`model_spec`), because that is what the text format and the JSON of TensorFlow
 * Serving use. protobufjs is used directly: proto-loader parses with it too, but hands out service methods only, without
 * the message types that the text format reader and the codecs need.
 */
export function protoRoot(): protobuf.Root {
  loaded ??= parseAll();
  return loaded;
}

/** The import path of the `.proto` file that an object of {@link protoRoot} was read from; undefined for google's own. */
export function importPath(object: protobuf.ReflectionObject): string | undefined {
  const path = object.filename;
  return path?.startsWith(protoFolder) ? path.slice(protoFolder.length).replaceAll("\\", "/") : undefined;
}

function parseAll(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    target.startsWith("google/protobuf/") ? target : `${protoFolder}${target.replace(protoFolder, "")}`;
  root.loadSync(entryFiles, { keepCase: true });
  root.resolveAll();
  return root;
}
