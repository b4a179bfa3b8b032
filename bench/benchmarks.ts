import type { Benchmark } from "./frame/index.ts";

/** By name; loaded only when asked for, since each brings what it measures. The order is that of the table. */
export const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  "rest-small": () => import("./rest-small.ts"),
  "rest-image": () => import("./rest-image.ts"),
  "rest-jpeg": () => import("./rest-jpeg.ts"),
  "rest-jpeg-decoded": () => import("./rest-jpeg-decoded.ts"),
  "grpc-small": () => import("./grpc-small.ts"),
  "grpc-large": () => import("./grpc-large.ts"),
  pool: () => import("./pool.ts"),
  alone: () => import("./alone.ts"),
  cnn: () => import("./cnn.ts"),
  "python-small": () => import("./python-small.ts"),
  "python-image": () => import("./python-image.ts"),
  "python-cnn": () => import("./python-cnn.ts"),
  http: () => import("./http.ts"),
  "grpc-proxies": () => import("./grpc-proxies.ts"),
  codec: () => import("./codec.ts"),
  memory: () => import("./memory.ts"),
  routes: () => import("./routes.ts"),
  "first-answer": () => import("./first-answer.ts"),
};

/** Undefined when there is none of that name. */
export async function loadBenchmark(name: string): Promise<Benchmark | undefined> {
  return (await BENCHMARKS[name]?.())?.benchmark;
}

export async function loadAll(): Promise<Benchmark[]> {
  return await Promise.all(Object.values(BENCHMARKS).map(async (load) => (await load()).benchmark));
}
