import { createRequire } from "node:module";
import { Client, credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageDefinition } from "../../protos/index.ts";

const services = ["tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", "grpc.health.v1.Health"];

const reflectionProto = createRequire(import.meta.url)
  .resolve("@grpc/reflection")
  .replace(/build[\\/]src.*/, "build/proto/grpc/reflection/v1/reflection.proto");
const reflection = new protobuf.Root().loadSync(reflectionProto, { keepCase: true });
const requestType = reflection.lookupType("grpc.reflection.v1.ServerReflectionRequest");
const responseType = reflection.lookupType("grpc.reflection.v1.ServerReflectionResponse");

interface Answer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly error_response?: { readonly error_code: number };
}

interface Field {
  readonly name: string;
  readonly number: number;
  readonly typeName?: string;
  readonly jsonName?: string;
  readonly proto3Optional?: boolean;
  readonly oneofIndex?: number;
}

interface Message {
  readonly name: string;
  readonly field?: readonly Field[];
  readonly nestedType?: readonly Message[];
  readonly enumType?: readonly { readonly name: string }[];
  readonly oneofDecl?: readonly { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean };
}

interface File extends Omit<Message, "field" | "nestedType"> {
  readonly package: string;
  readonly syntax: string;
  readonly dependency?: readonly string[];
  readonly messageType?: readonly Message[];
  readonly service?: readonly { readonly name: string }[];
}

const server = new Server();
let client: Client;

beforeAll(async () => {
  new ReflectionService(packageDefinition(), { services }).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

async function ask(request: Record<string, string>): Promise<Answer> {
  const call = client.makeBidiStreamRequest(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    (value: Record<string, string>) => Buffer.from(requestType.encode(requestType.fromObject(value)).finish()),
    (bytes) => responseType.toObject(responseType.decode(bytes)) as Answer,
  );
  call.write(request);
  call.end();
  const answers = (await call.toArray()) as Answer[];
  expect(answers).toHaveLength(1);
  return answers[0] as Answer;
}

async function filesOf(request: Record<string, string>): Promise<readonly File[]> {
  const answer = await ask(request);
  const type = descriptor.FileDescriptorProto;
  return (answer.file_descriptor_response?.file_descriptor_proto ?? []).map(
    (bytes) => type.toObject(type.decode(bytes)) as unknown as File,
  );
}

describe("reflection", () => {
  test("lists the services that the server names", async () => {
    const answer = await ask({ list_services: "*" });
    expect(answer.list_services_response?.service.map(({ name }) => name).sort()).toEqual(services.toSorted());
  });

  test.each([
    { symbol: "tensorflow.serving.PredictionService", want: "tensorflow_serving/apis/prediction_service.proto" },
    {
      symbol: "tensorflow.serving.PredictionService.Predict",
      want: "tensorflow_serving/apis/prediction_service.proto",
    },
    { symbol: "tensorflow.serving.ModelService", want: "tensorflow_serving/apis/model_service.proto" },
    { symbol: "tensorflow.TensorProto", want: "tensorflow/core/framework/tensor.proto" },
    { symbol: "tensorflow.error.Code", want: "xla/tsl/protobuf/error_codes.proto" },
    { symbol: "google.protobuf.Any", want: "google/protobuf/any.proto" },
    { symbol: "google.protobuf.Int64Value", want: "google/protobuf/wrappers.proto" },
    { symbol: "grpc.health.v1.Health", want: "grpc/health/v1/health.proto" },
  ])("finds $symbol in $want, with all that it imports", async ({ symbol, want }) => {
    const files = await filesOf({ file_containing_symbol: symbol });
    expect(files[0]?.name).toBe(want);
    const sent = new Set(files.map(({ name }) => name));
    expect(files.flatMap(({ dependency }) => dependency ?? []).filter((name) => !sent.has(name))).toEqual([]);
  });

  test("answers NOT_FOUND for what is not there", async () => {
    expect(
      (await ask({ file_containing_symbol: "tensorflow.serving.SessionService" })).error_response?.error_code,
    ).toBe(5);
  });
});

/** What Python's and Go's linkers check of files that come by reflection. */
describe("the files of PredictionService", () => {
  let files: readonly File[];
  beforeAll(async () => {
    files = await filesOf({ file_containing_symbol: "tensorflow.serving.PredictionService" });
  });

  test("declare every type that a field names, in the file itself or in one that it imports", () => {
    const home = new Map<string, string>();
    const declare = (file: File, scope: string, message: Message) => {
      home.set(`${scope}.${message.name}`, file.name);
      for (const inner of message.nestedType ?? []) declare(file, `${scope}.${message.name}`, inner);
      for (const inner of message.enumType ?? []) home.set(`${scope}.${message.name}.${inner.name}`, file.name);
    };
    for (const file of files) {
      for (const message of file.messageType ?? []) declare(file, `.${file.package}`, message);
      for (const { name } of file.enumType ?? []) home.set(`.${file.package}.${name}`, file.name);
    }
    const lost = files.flatMap((file) =>
      (file.messageType ?? [])
        .flatMap(allFields)
        .filter(({ typeName }) => typeName !== undefined)
        .filter(({ typeName = "" }) => ![file.name, ...(file.dependency ?? [])].includes(home.get(typeName) ?? "")),
    );
    expect(lost).toEqual([]);
    expect(home.size).toBeGreaterThan(60);
  });

  test("are proto3, map entries and optional fields included", () => {
    expect(new Set(files.map(({ syntax }) => syntax))).toEqual(new Set(["proto3"]));
    const request = files.flatMap(({ messageType }) => messageType ?? []).find(({ name }) => name === "PredictRequest");
    expect(request?.field).toContainEqual(
      expect.objectContaining({
        name: "inputs",
        number: 2,
        typeName: ".tensorflow.serving.PredictRequest.InputsEntry",
      }),
    );
    expect(request?.nestedType).toContainEqual(
      expect.objectContaining({ name: "InputsEntry", options: { mapEntry: true } }),
    );
    expect(request?.field?.map(({ jsonName }) => jsonName)).toContain("predictStreamedOptions");
    const clientId = request?.field?.find(({ name }) => name === "client_id");
    expect(clientId?.proto3Optional).toBe(true);
    expect(request?.oneofDecl?.[clientId?.oneofIndex ?? -1]?.name).toBe("_client_id");
  });
});

function allFields(message: Message): readonly Field[] {
  return [...(message.field ?? []), ...(message.nestedType ?? []).flatMap(allFields)];
}
