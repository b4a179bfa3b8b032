import {
  Client,
  credentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ApplyModelsRequest,
  type ApplyModelsResponse,
  modelService,
  predictionServiceRaw,
  type WatchRequest,
  type WatchResponse,
  workerControl,
} from "../../protos/index.ts";
import { protoRoot } from "../../protos/root.ts";

/** Of the stock server; a client has them compiled in. */
const paths = [
  "/tensorflow.serving.PredictionService/Predict",
  "/tensorflow.serving.PredictionService/Classify",
  "/tensorflow.serving.PredictionService/Regress",
  "/tensorflow.serving.PredictionService/MultiInference",
  "/tensorflow.serving.PredictionService/GetModelMetadata",
  "/tensorflow.serving.ModelService/GetModelStatus",
  "/tensorflow.serving.ModelService/HandleReloadConfigRequest",
  "/tensorgate.v1.WorkerControl/ApplyModels",
  "/tensorgate.v1.WorkerControl/Watch",
];

test("the methods have the paths that clients call", () => {
  const methods = [predictionServiceRaw, modelService, workerControl].flatMap((service) => Object.values(service));
  expect(methods.map(({ path }) => path)).toEqual(paths);
});

describe.each([
  { name: "tensorflow.serving.PredictionService", methods: predictionServiceRaw },
  { name: "tensorflow.serving.ModelService", methods: modelService },
  { name: "tensorgate.v1.WorkerControl", methods: workerControl },
])("$name", ({ name, methods }) => {
  test("has the methods of its .proto file, streaming where they stream", () => {
    const declared = protoRoot().lookupService(name).methodsArray;
    const want = declared.map((method) => [
      `/${name}/${method.name}`,
      method.requestStream === true,
      method.responseStream === true,
    ]);
    const got = Object.values(methods).map((method) => [method.path, method.requestStream, method.responseStream]);
    expect(new Set(got)).toEqual(new Set(want));
  });
});

describe("over a connection", () => {
  const server = new Server();
  let address = "";
  const applied: ApplyModelsRequest[] = [];
  const answers: WatchResponse[] = [
    { complete: true, models: [], generation: "9007199254740993", memory_bytes: "0" },
    {
      complete: false,
      models: [{ name: "m", removed: true, versions: [], discovered: true, problem: "" }],
      generation: "9007199254740994",
      memory_bytes: "-1",
    },
  ];

  const applyModels: handleUnaryCall<ApplyModelsRequest, ApplyModelsResponse> = (call, callback) => {
    applied.push(call.request);
    callback(null, { generation: call.request.generation });
  };
  const watch: handleServerStreamingCall<WatchRequest, WatchResponse> = (call) => {
    for (const answer of answers) call.write(answer);
    call.end();
  };

  beforeAll(async () => {
    server.addService(predictionServiceRaw, { Predict: predict });
    server.addService(workerControl, { ApplyModels: applyModels, Watch: watch });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    address = `127.0.0.1:${port}`;
  });
  afterAll(() => server.forceShutdown());

  test("raw methods carry bytes that are no message at all", async () => {
    using client = open();
    const answer = await unary(client.it, predictionServiceRaw.Predict, Buffer.from([0xff, 0x00]));
    expect(answer).toEqual(Buffer.from([...Buffer.from("seen "), 0xff, 0x00]));
  });

  test("a worker hears what is wanted and tells every change", async () => {
    using client = open();
    const request: ApplyModelsRequest = {
      generation: "9007199254740993",
      models: [
        {
          name: "模型",
          base_path: "/models/m",
          version_policy: { policy_choice: "all", all: {} },
          version_labels: { stable: "-1" },
          tags: ["serve"],
          merge_proof: null,
        },
      ],
    };
    const answer = await unary(client.it, workerControl.ApplyModels, request);
    expect(answer).toEqual({ generation: "9007199254740993" });
    expect(applied).toEqual([request]);

    const { path, requestSerialize, responseDeserialize } = workerControl.Watch;
    const heard = await client.it.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {}).toArray();
    expect(heard).toEqual(answers);
  });

  function open(): { it: Client } & Disposable {
    const it = new Client(address, credentials.createInsecure());
    return { it, [Symbol.dispose]: () => it.close() };
  }
});

function unary<Request, Response>(
  client: Client,
  method: MethodDefinition<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error, value) => (value === undefined ? reject(error ?? new Error("no answer")) : resolve(value)),
    );
  });
}

const predict: handleUnaryCall<Buffer, Buffer> = (call, callback) =>
  callback(null, Buffer.concat([Buffer.from("seen "), call.request]));
