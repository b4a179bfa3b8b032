import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { silentLogger } from "../../../core/index.ts";
import { ServingWatch } from "../../../gateway/upstream/serving-watch.ts";
import {
  codec,
  type GetModelMetadataRequest,
  type GetModelMetadataResponse,
  type GetModelStatusRequest,
  type GetModelStatusResponse,
  modelService,
  predictionServiceRaw,
  type VersionStateName,
  type WantedModel,
  type WatchResponse,
} from "../../../protos/index.ts";

const metadataRequest = codec<GetModelMetadataRequest>("tensorflow.serving.GetModelMetadataRequest");
const metadataResponse = codec<GetModelMetadataResponse>("tensorflow.serving.GetModelMetadataResponse");
const signatureDefMap = codec<{ signature_def: Record<string, { method_name: string }> }>(
  "tensorflow.serving.SignatureDefMap",
);

type Models = Record<string, Record<string, VersionStateName> | Partial<ServiceError>>;

function isVersions(model: Models[string] | undefined): model is Record<string, VersionStateName> {
  return model !== undefined && typeof model["code"] !== "number";
}

/** The part of TensorFlow Serving's API that tells what there is, over models that a test changes. */
async function startServing(models: Models, port = 0, signature = "serving_default") {
  const asked = { status: 0, metadata: [] as string[] };
  const server = new Server();
  const notFound: Partial<ServiceError> = { code: status.NOT_FOUND, details: "Could not find any versions" };
  server.addService(
    { GetModelStatus: modelService.GetModelStatus },
    {
      GetModelStatus(
        { request }: ServerUnaryCall<GetModelStatusRequest, GetModelStatusResponse>,
        reply: sendUnaryData<GetModelStatusResponse>,
      ) {
        asked.status++;
        const versions = models[request.model_spec?.name ?? ""];
        if (!isVersions(versions)) return reply(versions ?? notFound);
        const rows = Object.entries(versions).map(([version, state]) => ({ version, state, status: null }));
        reply(null, { model_version_status: rows });
      },
    },
  );
  server.addService(
    { GetModelMetadata: predictionServiceRaw.GetModelMetadata },
    {
      GetModelMetadata({ request }: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
        const spec = metadataRequest.decode(request).model_spec;
        if (spec?.version_choice !== "version") return reply({ code: status.INVALID_ARGUMENT });
        asked.metadata.push(`${spec.name} ${spec.version.value}`);
        const versions = models[spec.name];
        if (!isVersions(versions) || versions[spec.version.value] !== "AVAILABLE") return reply(notFound);
        const value = signatureDefMap.encode({ signature_def: { [signature]: { method_name: spec.name } } });
        reply(null, metadataResponse.encode({ metadata: { signature_def: { type_url: "", value } } }));
      },
    },
  );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, it) =>
      error ? reject(error) : resolve(it),
    );
  });
  return { port: bound, asked, [Symbol.dispose]: () => server.forceShutdown() };
}

function wanted(name: string, joined = false): WantedModel {
  const proof = { relative_tolerance: 1e-4, absolute_tolerance: 1e-6 };
  return {
    name,
    base_path: "",
    version_policy: null,
    version_labels: {},
    tags: [],
    merge_proof: joined ? proof : null,
  };
}

function watch(port: number, ...models: readonly WantedModel[]) {
  return watchEvery(20, port, models);
}

function watchEvery(intervalMs: number, port: number, models: readonly WantedModel[]) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 100,
  });
  const reports: (WatchResponse | "lost")[] = [];
  const watching = new ServingWatch({
    client,
    log: silentLogger,
    intervalMs: () => intervalMs,
    onReport: (response) => reports.push(response),
    onLost: () => reports.push("lost"),
  });
  watching.apply({ models, generation: "5" });
  watching.open();
  return {
    watching,
    reports,
    /** `m 1 AVAILABLE, m 2 LOADING` of the last report, or `lost`. */
    last: (): string | undefined => {
      const report = reports.at(-1);
      if (report === undefined || report === "lost") return report;
      return report.models
        .flatMap(({ name, versions }) => versions.map(({ version, state }) => `${name} ${version} ${state}`))
        .join(", ");
    },
    [Symbol.dispose]: () => {
      watching.close();
      client.close();
    },
  };
}

test("reports versions, and asks for signatures once each", async () => {
  using server = await startServing({ m: { 1: "AVAILABLE", 2: "LOADING" }, n: { 7: "AVAILABLE" }, other: {} });
  using watched = watch(server.port, wanted("m"), wanted("n"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE, m 2 LOADING, n 7 AVAILABLE");
  await expect.poll(() => server.asked.status).toBeGreaterThan(10);
  expect(server.asked.metadata.toSorted()).toEqual(["m 1", "n 7"]);
  expect(watched.reports).toHaveLength(1);
  const [report] = watched.reports as [WatchResponse];
  expect(report).toMatchObject({ complete: true, generation: "5" });
  const { signature_def: signatures } = signatureDefMap.decode(
    report.models[0]?.versions[0]?.signature_def_map as Buffer,
  );
  expect(signatures["serving_default"]?.method_name).toBe("m");
});

test("follows versions that come and go, and one that comes back is asked anew", async () => {
  const models: Models = { m: { 1: "AVAILABLE" } };
  using server = await startServing(models);
  using watched = watch(server.port, wanted("m"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  models["m"] = { 1: "END", 2: "AVAILABLE" };
  await expect.poll(watched.last).toBe("m 1 END, m 2 AVAILABLE");
  models["m"] = { 1: "AVAILABLE" };
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  expect(server.asked.metadata).toEqual(["m 1", "m 2", "m 1"]);
});

test("a model that the server does not have is a problem of that model alone", async () => {
  const models: Models = { m: { 1: "AVAILABLE" } };
  using server = await startServing(models);
  using watched = watch(server.port, wanted("gone"), wanted("m"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  const [report] = watched.reports as [WatchResponse];
  expect(report.models[0]).toMatchObject({ name: "gone", discovered: true, problem: "Could not find any versions" });
  models["gone"] = { 3: "AVAILABLE" };
  await expect.poll(watched.last).toBe("gone 3 AVAILABLE, m 1 AVAILABLE");
});

test("what a version can do is read once", async () => {
  const models: Models = { m: { 1: "AVAILABLE" } };
  using server = await startServing(models);
  using watched = watch(server.port, wanted("m"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  models["m"] = { 1: "AVAILABLE", 2: "LOADING" };
  await expect.poll(watched.last).toBe("m 1 AVAILABLE, m 2 LOADING");
  const [before, after] = (watched.reports as WatchResponse[]).map(({ models: [m] }) => m?.versions[0]);
  expect(after?.merging).toHaveLength(1);
  expect(after?.merging).toBe(before?.merging);
});

test("a server that is too busy to tell of a model still has it", async () => {
  const models: Models = { m: { 1: "AVAILABLE" }, n: { 1: "LOADING" } };
  using server = await startServing(models);
  using watched = watch(server.port, wanted("m"), wanted("n"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE, n 1 LOADING");
  models["m"] = { code: status.RESOURCE_EXHAUSTED, details: "no thread is free" };
  models["n"] = { 1: "AVAILABLE" };
  await expect.poll(watched.last).toBe("m 1 AVAILABLE, n 1 AVAILABLE");
  delete models["m"];
  await expect.poll(watched.last).toBe("n 1 AVAILABLE");
});

test("a server that is back may have other models under the same numbers", async () => {
  const models: Models = { m: { 1: "AVAILABLE" } };
  const server = await startServing(models);
  using watched = watch(server.port, wanted("m"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  server[Symbol.dispose]();
  await expect.poll(watched.last).toBe("lost");
  using _ = await startServing(models, server.port, "other");
  await expect.poll(watched.last, { timeout: 10_000 }).toBe("m 1 AVAILABLE");
  const report = watched.reports.at(-1) as WatchResponse;
  expect(report.models[0]?.versions[0]?.merging).toMatchObject([{ signature: "other" }]);
});

test("what was answered with not found is told anew, whatever the server says of it", async () => {
  using server = await startServing({ m: { 1: "AVAILABLE" } });
  using watched = watch(server.port, wanted("m"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  watched.watching.unloaded();
  await expect.poll(() => watched.reports.length).toBe(2);
  expect(watched.last()).toBe("m 1 AVAILABLE");
});

test("other wanted models are asked for at once", async () => {
  using server = await startServing({ m: { 1: "AVAILABLE" }, n: { 7: "AVAILABLE" } });
  using watched = watchEvery(60_000, server.port, [wanted("m")]);
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  watched.watching.apply({ models: [wanted("n")], generation: "6" });
  await expect.poll(watched.last).toBe("n 7 AVAILABLE");
  expect(watched.reports.at(-1)).toMatchObject({ generation: "6" });
});

test("tells when the server is gone, once, and when it is back", async () => {
  const models: Models = { m: { 1: "AVAILABLE" } };
  const server = await startServing(models);
  using watched = watch(server.port, wanted("m"));
  await expect.poll(watched.last).toBe("m 1 AVAILABLE");
  server[Symbol.dispose]();
  await expect.poll(watched.last).toBe("lost");
  using _ = await startServing(models, server.port);
  await expect.poll(watched.last, { timeout: 10_000 }).toBe("m 1 AVAILABLE");
});

test("a server is there although nothing is wanted of it", async () => {
  using server = await startServing({});
  using watched = watch(server.port);
  await expect.poll(watched.last).toBe("");
});

for (const { name, joined, verdict } of [
  // Nobody has looked into its graphs for what they write.
  { name: "are not joined", joined: false, verdict: "REFUSED" },
  { name: "are tried in pairs where the model asks for it", joined: true, verdict: "UNPROVEN" },
] as const) {
  test(`calls to such a server ${name}`, async () => {
    using server = await startServing({ m: { 1: "AVAILABLE" } });
    using watched = watch(server.port, wanted("m", joined));
    await expect.poll(watched.last).toBe("m 1 AVAILABLE");
    const [report] = watched.reports as [WatchResponse];
    expect(report.models[0]?.versions[0]?.merging).toMatchObject([{ signature: "serving_default", verdict }]);
  });
}
