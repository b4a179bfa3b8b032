import type { ClientReadableStream } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ApplyModelsRequest, type ModelReport, type WatchResponse, workerControl } from "../../../protos/index.ts";
import { parseSignatureDefMap } from "../../../tensor/index.ts";
import { EXAMPLES, MODELS, type Served, serve } from "./served.ts";

let served: Served;
beforeEach(async () => {
  served = await serve([]);
});
afterEach(() => served.close());

const HALF = `${EXAMPLES}/half_plus_two`;

function applied(generation: number, ...models: { name: string; base_path: string }[]): ApplyModelsRequest {
  const all = { policy_choice: "all", all: {} } as const;
  const wanted = models.map((model) => ({
    ...model,
    version_policy: all,
    version_labels: {},
    tags: [],
    merge_proof: null,
  }));
  return { generation: String(generation), models: wanted };
}

/** What a gateway knows from one watch: the answers as they came, and the latest report of each model. */
function watch(): {
  answers: WatchResponse[];
  models: Map<string, ModelReport>;
  stream: ClientReadableStream<WatchResponse>;
} {
  const { path, requestSerialize, responseDeserialize } = workerControl.Watch;
  const stream = served.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
  const answers: WatchResponse[] = [];
  const models = new Map<string, ModelReport>();
  stream.on("data", (answer: WatchResponse) => {
    answers.push(answer);
    if (answer.complete) models.clear();
    for (const model of answer.models) models.set(model.name, model);
  });
  stream.on("error", () => {});
  return { answers, models, stream };
}

/** As told of the model's highest version. */
function merging(model: ModelReport | undefined): Record<string, string> {
  return Object.fromEntries(
    (model?.versions[0]?.merging ?? []).map(({ signature, verdict, reason }) => [signature, `${verdict} ${reason}`]),
  );
}

function states(model: ModelReport | undefined): readonly string[] {
  return (model?.versions ?? []).map(({ version, state, wanted }) => `${version} ${state}${wanted ? "" : " unwanted"}`);
}

describe("WorkerControl", () => {
  test("tells a watcher everything at first, then each change, whole", async () => {
    const seen = watch();
    await vi.waitFor(() => expect(seen.answers).toHaveLength(1));
    expect(seen.answers[0]).toEqual({ complete: true, models: [], generation: "0", memory_bytes: "0" });

    const answer = await served.call(
      workerControl.ApplyModels,
      applied(3, { name: "half", base_path: HALF }, { name: "bad", base_path: `${MODELS}/broken_graph` }),
    );
    expect(answer).toEqual({ generation: "3" });
    await vi.waitFor(() => expect(states(seen.models.get("half"))).toEqual(["124 AVAILABLE", "123 AVAILABLE"]), 10_000);
    await vi.waitFor(() => expect(seen.models.get("bad")?.versions[0]?.failed_loads).toBe("1"), 10_000);
    const half = seen.models.get("half");
    expect(half).toMatchObject({ discovered: true, problem: "", removed: false });
    const map = half?.versions[0]?.signature_def_map ?? Buffer.alloc(0);
    expect(parseSignatureDefMap(map).get("serving_default")?.inputs.has("x")).toBe(true);
    const bad = seen.models.get("bad")?.versions[0];
    expect(bad).toMatchObject({ state: "END", wanted: true, signature_def_map: Buffer.alloc(0) });
    expect(bad?.status?.error_code).not.toBe("OK");
    expect(seen.answers.slice(1).every(({ complete }) => !complete)).toBe(true);
    expect(seen.answers.at(-1)?.generation).toBe("3");
    expect(Number(seen.answers.at(-1)?.memory_bytes)).toBeGreaterThan(0);

    const second = watch();
    await vi.waitFor(() => expect(second.answers).toHaveLength(1));
    expect([...second.models.keys()].sort()).toEqual(["bad", "half"]);
    seen.stream.cancel();
    second.stream.cancel();
  });

  test("tells every step of a version, and at last that its model is removed", async () => {
    const seen = watch();
    await served.call(workerControl.ApplyModels, applied(1, { name: "half", base_path: HALF }));
    await vi.waitFor(() => expect(states(seen.models.get("half"))).toEqual(["124 AVAILABLE", "123 AVAILABLE"]), 10_000);
    await served.call(workerControl.ApplyModels, applied(2));
    await vi.waitFor(() => expect(seen.models.get("half")?.removed).toBe(true));
    const steps = seen.answers.flatMap(({ models }) => models).flatMap((model) => states(model));
    expect(steps).toContain("124 LOADING");
    expect(steps).toContain("123 UNLOADING unwanted");
    expect(seen.answers.at(-1)).toMatchObject({ generation: "2", memory_bytes: "0" });
  });

  test("tells a new generation even where it changes no model", async () => {
    const seen = watch();
    await served.call(workerControl.ApplyModels, applied(7));
    await vi.waitFor(() => expect(seen.answers.at(-1)?.generation).toBe("7"));
  });

  test("refuses a set that is older than the one in force, and one that is wrong", async () => {
    await served.call(workerControl.ApplyModels, applied(5, { name: "half", base_path: HALF }));
    const older = await served.failure(workerControl.ApplyModels, applied(4));
    expect(older.details).toBe("generation 4 of the model set is older than generation 5, which is in force");
    const twice = await served.failure(
      workerControl.ApplyModels,
      applied(6, { name: "m", base_path: "/m" }, { name: "m", base_path: "/m" }),
    );
    expect(twice.details).toBe("the set has two models m");
    const seen = watch();
    await vi.waitFor(() => expect(seen.answers[0]?.generation).toBe("5"));
    expect([...seen.models.keys()]).toEqual(["half"]);
  });

  test("says of a model without a base path what is wrong", async () => {
    const seen = watch();
    await served.call(workerControl.ApplyModels, applied(1, { name: "m", base_path: "gs://bucket/m" }));
    await vi.waitFor(() => expect(seen.models.get("m")?.problem).toContain("mount the bucket or sync it"));
    expect(seen.models.get("m")).toMatchObject({ discovered: true, versions: [] });
  });

  test("ends its watches when the worker drains", async () => {
    const seen = watch();
    await vi.waitFor(() => expect(seen.answers).toHaveLength(1));
    const ended = new Promise((resolve) => seen.stream.on("end", resolve));
    await served.worker.drain(1_000);
    await ended;
  });

  test("tells whether calls may be merged when asked for a proof, and again within another tolerance", async () => {
    const company = { name: "company", base_path: `${MODELS}/company` };
    const within = (tolerance: number, generation: number): ApplyModelsRequest => {
      const request = applied(generation, company);
      const merge_proof = { relative_tolerance: tolerance, absolute_tolerance: tolerance };
      return { ...request, models: request.models.map((model) => ({ ...model, merge_proof })) };
    };
    const seen = watch();
    await served.call(workerControl.ApplyModels, applied(1, company));
    await vi.waitFor(() => expect(states(seen.models.get("company"))).toEqual(["1 AVAILABLE"]), 10_000);
    expect(merging(seen.models.get("company"))).toEqual({});

    await served.call(workerControl.ApplyModels, within(1e-4, 2));
    await vi.waitFor(() => expect(merging(seen.models.get("company"))).not.toEqual({}), 10_000);
    expect(merging(seen.models.get("company"))).toMatchObject({
      words: 'UNPROVEN no rows of string can be made up for input "words"',
      counter: expect.stringMatching(/^REFUSED AssignAddVariableOp/) as string,
    });

    await served.call(workerControl.ApplyModels, applied(3, company));
    await vi.waitFor(() => expect(merging(seen.models.get("company"))).toEqual({}), 10_000);
    expect(states(seen.models.get("company"))).toEqual(["1 AVAILABLE"]);
    seen.stream.cancel();
  });
});
