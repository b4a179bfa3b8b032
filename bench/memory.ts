import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Benchmark, type Cores, describeCores, planCores, projectFolder, type Row } from "./frame/index.ts";
import { HALF_PLUS_TWO } from "./models.ts";
import { type Product, startProduct } from "./product.ts";

const CLIENTS = 50;
const BODY_BYTES = 10_000_000;

/** Threads that had work end after ten seconds without. */
const CALM_MS = 15_000;

interface Load {
  readonly key: string;
  readonly label: string;
  readonly path: string;
  readonly body: Buffer;
}

interface Plan {
  readonly clients: number;
  /** From the last answer to the last look. */
  readonly calmMs: number;
}

/** What one burst did to a gateway. */
interface Burst {
  /** How far resident memory grew, divided by the bytes of all bodies. */
  readonly growth: number;
  /** The same, once all was answered and some seconds had passed. */
  readonly left: number;
  /** Longest that the event loop was held. */
  readonly stallMs: number;
}

export const benchmark: Benchmark = {
  name: "memory",
  title: `${CLIENTS} clients at once that send ${BODY_BYTES / 1e6} MB each: what the gateway's memory and event loop make of it`,
  goals: [
    {
      row: "numbers-growth",
      measure: "memory over that of an idle gateway, JSON numbers, by bytes in flight",
      ...most(3),
    },
    { row: "base64-growth", measure: "the same, base64", ...most(3) },
    { row: "numbers-stall", measure: "longest stall of the event loop meanwhile, JSON numbers", ...most(50) },
    { row: "base64-stall", measure: "the same, base64", ...most(50) },
  ],
  run: async ({ rounds, smoke }) => {
    const plan = smoke ? { clients: 5, calmMs: 1_000 } : { clients: CLIENTS, calmMs: CALM_MS };
    const rows: Row[] = [];
    for (const load of [numbers(), base64()]) {
      const bursts: Burst[] = [];
      for (let round = 0; round < rounds; round++) bursts.push(await burst(load, plan, planCores()));
      const row = (part: keyof Burst, label: string, unit: string): Row => ({
        key: `${load.key}-${part === "stallMs" ? "stall" : part}`,
        label: `${load.label}: ${label}`,
        unit,
        better: "less",
        sides: [{ name: "tensorgate", samples: bursts.map((each) => each[part]) }],
      });
      rows.push(row("growth", "memory by bytes in flight, at most", "×"));
      rows.push(row("left", `memory by those bytes, ${CALM_MS / 1000} s later`, "×"));
      rows.push(row("stallMs", "longest stall of the event loop", "ms"));
    }
    return {
      rows,
      settings: {
        cores: describeCores(planCores()),
        memory: "resident set of the gateway's process, threads included, over that before the first body",
        stall: "nodejs_eventloop_lag_max_seconds of /metrics, less the 10 ms that it is sampled at",
      },
    };
  },
};

function most(atMost: number): { readonly of: "value"; readonly want: { readonly atMost: number } } {
  return { of: "value", want: { atMost } };
}

/** Six digits behind the point; the answer is as long as the request. */
function numbers(): Load {
  let state = 12345;
  const count = BODY_BYTES / 9;
  const values = Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return (state / 2 ** 31).toFixed(6);
  });
  const body = Buffer.from(`{"instances":[${values.join(",")}]}`);
  return { key: "numbers", label: "JSON numbers", path: "/v1/models/half_plus_two:predict", body };
}

/** One string; the answer is its length. */
function base64(): Load {
  const value = Buffer.alloc((BODY_BYTES * 3) / 4, "tensorgate").toString("base64");
  const body = Buffer.from(JSON.stringify({ signature_name: "lengths", instances: [{ b64: value }] }));
  return { key: "base64", label: "base64", path: "/v1/models/strings:predict", body };
}

/** All bodies leave at the same time; a gateway of its own, so that its memory is as new. */
async function burst({ path, body }: Load, { clients, calmMs }: Plan, cores: Cores): Promise<Burst> {
  await using product = await startProduct(
    {
      models: [
        { name: "half_plus_two", path: HALF_PLUS_TWO },
        { name: "strings", path: join(projectFolder(), "test/data/models/strings") },
      ],
    },
    cores,
  );
  const small = { method: "POST", body: '{"instances": [1, 2]}' };
  for (let i = 0; i < 200; i++) await (await fetch(`${product.rest}/v1/models/half_plus_two:predict`, small)).text();
  await stallMs(product);
  writeFileSync(`/proc/${product.gatewayPid}/clear_refs`, "5");
  const before = residentBytes(product, "VmRSS");
  await Promise.all(Array.from({ length: clients }, () => send(product, path, body)));
  const most = residentBytes(product, "VmHWM");
  const stall = await stallMs(product);
  await sleep(calmMs);
  const left = residentBytes(product, "VmRSS");
  const inFlight = clients * body.length;
  return { growth: (most - before) / inFlight, left: (left - before) / inFlight, stallMs: stall };
}

/** Rejects when the answer is not a 200. */
function send({ rest }: Product, path: string, body: Buffer): Promise<void> {
  const { hostname, port } = new URL(rest);
  const socket = connect(Number(port), hostname);
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`);
  socket.write(body);
  return new Promise((resolve, reject) => {
    let start = "";
    socket.on("data", (chunk: Buffer) => {
      if (start.length < 500) start += chunk.subarray(0, 500).toString("latin1");
    });
    socket.once("error", reject);
    socket.once("close", () => {
      if (start.startsWith("HTTP/1.1 200 ")) resolve();
      else reject(new Error(`answered ${start.slice(0, 500)}`));
    });
  });
}

/** The longest since this was asked last. */
async function stallMs({ rest }: Product): Promise<number> {
  const metrics = await (await fetch(`${rest}/metrics`)).text();
  const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics) ?? [];
  if (seconds === undefined) throw new Error("/metrics does not tell how long the event loop was held");
  return Math.max(0, Number(seconds) * 1000 - 10);
}

function residentBytes({ gatewayPid }: Product, field: "VmRSS" | "VmHWM"): number {
  const [, kib] =
    new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${gatewayPid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}
