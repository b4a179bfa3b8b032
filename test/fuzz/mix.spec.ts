import { join } from "node:path";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  decodeClassificationResponse,
  decodePredictResponse,
  decodeRegressionResponse,
  difference,
  dtypeNamed,
  isClose,
  packedTensor,
  stringTensor,
  type Tensor,
} from "../../tensor/index.ts";
import { departures, since } from "../setup/departures.ts";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";
import { type MixRequest, mixRequest } from "./mix-requests.ts";
import { Random } from "./random.ts";

/** The same run each time, so that a failure is one to look at; other seeds and longer runs by hand. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 1);
const REQUESTS = Number(process.env["FUZZ_COUNT"] ?? 400);
const AT_ONCE = 48;
const TOLERANCE = { relative: 1e-4, absolute: 1e-6 };

const OWN = join(ROOT, "test/data/models");

let gateway: Tensorgate;
let client: Client;
beforeAll(async () => {
  console.log(`FUZZ_SEED=${SEED} FUZZ_COUNT=${REQUESTS}`);
  gateway = await startTensorgate({
    models: [
      { name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all" },
      ...["company", "strings", "features", "outputs", "every_dtype"].map((name) => ({ name, path: join(OWN, name) })),
    ],
  });
  client = new Client(gateway.grpc, credentials.createInsecure());
  await gateway.ready();
});
afterAll(async () => {
  client.close();
  await gateway[Symbol.asyncDispose]();
});

type Answer =
  | { readonly is: "json"; readonly status: number; readonly json: unknown }
  | { readonly is: "tensors"; readonly tensors: ReadonlyMap<string, Tensor> }
  | { readonly is: "error"; readonly text: string };

async function ask(request: MixRequest, signal?: AbortSignal): Promise<Answer> {
  if (request.over === "grpc") return await askGrpc(request, signal);
  const { path, body } = request;
  const reply = await fetch(`${gateway.rest}${path}`, { method: "POST", body, ...(signal && { signal }) });
  return { is: "json", status: reply.status, json: await reply.json() };
}

function askGrpc({ method, message }: MixRequest & { readonly over: "grpc" }, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const path = `/tensorflow.serving.PredictionService/${method}`;
    const call = client.makeUnaryRequest<Uint8Array, Buffer>(
      path,
      (bytes) => Buffer.from(bytes),
      (bytes) => bytes,
      message,
      (error: ServiceError | null, answer) => {
        if (error !== null) resolve({ is: "error", text: `${status[error.code]}: ${error.details}` });
        else resolve({ is: "tensors", tensors: tensorsOf(method, answer as Buffer) });
      },
    );
    signal?.addEventListener("abort", () => call.cancel(), { once: true });
  });
}

function tensorsOf(method: "Predict" | "Classify" | "Regress", message: Uint8Array): ReadonlyMap<string, Tensor> {
  if (method === "Predict") return decodePredictResponse(message).outputs;
  if (method === "Regress") return new Map([["values", floats(decodeRegressionResponse(message).values)]]);
  const rows = decodeClassificationResponse(message).results.map(({ labels, scores }, row): [string, Tensor][] => [
    [`labels ${row}`, stringTensor([labels.length], labels)],
    [`scores ${row}`, floats(scores)],
  ]);
  return new Map(rows.flat());
}

function floats(values: Float32Array): Tensor {
  return packedTensor(dtypeNamed("float"), [values.length], new Uint8Array(Float32Array.from(values).buffer));
}

/** What tells two answers to one request apart, if anything does. */
function apart(one: Answer, other: Answer): string | undefined {
  if (one.is === "tensors" && other.is === "tensors") return difference(one.tensors, other.tensors, TOLERANCE);
  if (one.is === "json" && other.is === "json") {
    const same = one.status === other.status && isAlike(one.json, other.json);
    return same ? undefined : `${JSON.stringify(one)} and ${JSON.stringify(other)}`;
  }
  return JSON.stringify(one) === JSON.stringify(other)
    ? undefined
    : `${JSON.stringify(one)} and ${JSON.stringify(other)}`;
}

function isAlike(one: unknown, other: unknown): boolean {
  if (typeof one === "number" && typeof other === "number") return isClose(one, other, TOLERANCE);
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) return one === other;
  const [left, right] = [Object.entries(one), Object.entries(other)];
  return (
    left.length === right.length &&
    left.every(([key, value]) => key in other && isAlike(value, (other as Record<string, unknown>)[key]))
  );
}

test("the answer of any mix is the answer one by one", { timeout: 120_000 }, async () => {
  const random = new Random(SEED);
  const requests = Array.from({ length: REQUESTS }, () => mixRequest(random));
  const alone: Answer[] = [];
  for (const request of requests) alone.push(await ask(request));

  const before = await departures(gateway);
  const faults: string[] = [];
  let cancelled = 0;
  const order = mixOf(random, requests);
  const next = async (): Promise<void> => {
    for (let at = order.pop(); at !== undefined; at = order.pop()) {
      const request = requests[at] as MixRequest;
      if (random.chance(0.05)) {
        cancelled++;
        const gone = AbortSignal.timeout(random.below(5));
        await ask(request, gone).catch(() => {});
        continue;
      }
      const found = apart(alone[at] as Answer, await ask(request));
      if (found !== undefined) faults.push(`${told(request)}: ${found}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  expect(faults.slice(0, 5)).toEqual([]);

  const { count, calls } = since(before, await departures(gateway));
  console.log(`${cancelled} requests given up; ${calls} that may be joined in ${count} departures`);
  expect(count).toBeLessThan(0.8 * calls);
  expect(alone.filter(({ is }) => is === "error").length).toBeGreaterThan(0);
});

/** Which request goes when: any, but often several of one signature in a row, as merging lives of them. */
function mixOf(random: Random, requests: readonly MixRequest[]): number[] {
  const signatures = [...new Set(requests.map(({ signature }) => signature))].map((signature) =>
    [...requests.keys()].filter((at) => requests[at]?.signature === signature),
  );
  return Array.from({ length: REQUESTS / 4 }, () => {
    const of = random.pick(signatures);
    return Array.from({ length: 8 }, () => random.pick(of));
  }).flat();
}

function told(request: MixRequest): string {
  if (request.over === "rest") return `${request.path} ${request.body}`;
  return `${request.method} ${Buffer.from(request.message).toString("base64")}`;
}
