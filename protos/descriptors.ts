import type { MessageTypeDefinition, PackageDefinition } from "@grpc/proto-loader";
import { protoPath as healthProtoPath } from "grpc-health-check";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { codec } from "./codec.ts";
import { fileDescriptors } from "./file-descriptors.ts";
import { importPath, protoRoot } from "./root.ts";

/**
 * All files of `protos/` and the health service, as `ReflectionService` of `@grpc/reflection` takes them; name the services
 * that the server has in its option `services`.
 *
 * The descriptors are made here, one for each file under the file's own name and with its imports. Those of proto-loader
 * join all files of a package into one and lack imports, the names of map entries and `optional`; clients that link what
 * they receive (Python, Go) refuse them.
 */
export function packageDefinition(): PackageDefinition {
  const health = new protobuf.Root().loadSync(healthProtoPath, { keepCase: true });
  health.resolveAll();
  const files = [
    ...fileDescriptors(protoRoot(), importPath),
    ...fileDescriptors(health, () => "grpc/health/v1/health.proto"),
  ].map((file) =>
    Buffer.from(descriptor.FileDescriptorProto.encode(descriptor.FileDescriptorProto.fromObject(file)).finish()),
  );
  return { "tensorflow.serving.PredictRequest": definition("tensorflow.serving.PredictRequest", files) };
}

/** Reflection reads the files only; a package definition hangs them on a message. */
function definition(fullName: string, fileDescriptorProtos: Buffer[]): MessageTypeDefinition<object, object> {
  const messages = codec<object>(fullName);
  return {
    format: "Protocol Buffer 3 DescriptorProto",
    type: { name: fullName },
    fileDescriptorProtos,
    serialize: (value) => messages.encode(value),
    deserialize: (bytes) => messages.decode(bytes),
  };
}
