import { writeFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { packageDefinition } from "../../protos/index.ts";
import { type Cores, freePort, scratchFolder } from "../frame/index.ts";
import {
  BUFFER_BYTES,
  CLUSTER,
  type EnvoyProcess,
  EXTENSIONS,
  listener,
  ROUTER,
  socketAddress,
  startEnvoyProcess,
} from "./envoy-process.ts";

/** An Envoy with one worker thread in front of workers of ours. Whoever starts it disposes of it. */
export interface Envoy extends EnvoyProcess {
  /** Takes JSON, by HTTP/1.1, with its transcoder: `http://127.0.0.1:PORT`. */
  readonly rest: string;
  /** Passes gRPC on: `127.0.0.1:PORT`. */
  readonly grpc: string;
}

/** Starts it on the proxy's core, and waits until it listens. `workers`: `unix:/path` or `host:port` each. */
export async function startEnvoy(workers: readonly string[], cores: Cores): Promise<Envoy> {
  const descriptors = join(scratchFolder(), "descriptors.pb");
  writeFileSync(descriptors, descriptorSet());
  const [rest, grpc] = [await freePort(), await freePort()];
  const envoy = await startEnvoyProcess(
    {
      listeners: [listener(rest, "HTTP1", [transcoder(descriptors), ROUTER]), listener(grpc, "HTTP2", [ROUTER])],
      clusters: [workerCluster(workers)],
    },
    cores,
  );
  return { ...envoy, rest: `http://127.0.0.1:${rest}`, grpc: `127.0.0.1:${grpc}` };
}

function transcoder(descriptors: string): object {
  return {
    name: "envoy.filters.http.grpc_json_transcoder",
    typed_config: {
      "@type": `${EXTENSIONS}.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder`,
      proto_descriptor: descriptors,
      services: ["tensorflow.serving.PredictionService"],
      auto_mapping: true,
    },
  };
}

/** Among several each call goes to the less busy of two by chance, as in a pool of the gateway. */
function workerCluster(workers: readonly string[]): object {
  return {
    name: CLUSTER,
    lb_policy: "LEAST_REQUEST",
    per_connection_buffer_limit_bytes: BUFFER_BYTES,
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": `${EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: CLUSTER,
      endpoints: [{ lb_endpoints: workers.map((worker) => ({ endpoint: { address: addressOf(worker) } })) }],
    },
  };
}

function addressOf(worker: string): object {
  if (worker.startsWith("unix:")) return { pipe: { path: worker.slice("unix:".length) } };
  return socketAddress(Number(worker.split(":")[1]));
}

/** A FileDescriptorSet of the project's protos; Envoy wants every file behind those that it imports. */
function descriptorSet(): Uint8Array {
  const [message] = Object.values(packageDefinition());
  const files = new Map(
    (message as { fileDescriptorProtos: Buffer[] }).fileDescriptorProtos.map((bytes) => {
      const { name, dependency } = descriptor.FileDescriptorProto.decode(bytes) as unknown as {
        name: string;
        dependency: string[];
      };
      return [name, { bytes, dependency }] as const;
    }),
  );
  const set = protobuf.Writer.create();
  const written = new Set<string>();
  const write = (name: string): void => {
    const file = files.get(name);
    if (file === undefined || written.has(name)) return;
    written.add(name);
    for (const imported of file.dependency) write(imported);
    set.uint32((1 << 3) | 2).bytes(file.bytes);
  };
  for (const name of files.keys()) write(name);
  return set.finish();
}
