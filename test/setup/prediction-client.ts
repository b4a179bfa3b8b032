import { promisify } from "node:util";
import {
  type ChannelCredentials,
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import type { RecordedCase, RecordedTensor, RecordedValue } from "./recorded.ts";
import { ROOT } from "./tensorgate.ts";

type Message = Record<string, unknown>;
type Call = (request: Message) => Promise<Message>;

const VALUE_FIELDS: Readonly<Record<string, string>> = {
  DT_FLOAT: "float_val",
  DT_DOUBLE: "double_val",
  DT_INT32: "int_val",
  DT_UINT8: "int_val",
  DT_INT64: "int64_val",
  DT_BOOL: "bool_val",
  DT_STRING: "string_val",
};

/** A gRPC client as others write one: generic protobuf objects, nothing of the project's own codec. */
export class PredictionClient {
  readonly #client: Client;
  readonly #examples: protobuf.Type;

  constructor(address: string, channel: ChannelCredentials = credentials.createInsecure()) {
    const definition = loadSync(
      ["tensorflow_serving/apis/prediction_service.proto", "tensorflow/core/example/example.proto"],
      {
        keepCase: true,
        defaults: true,
        longs: Number,
        enums: String,
        includeDirs: [`${ROOT}protos`],
      },
    );
    // biome-ignore lint/suspicious/noExplicitAny: proto-loader's tree has no types
    const service = (loadPackageDefinition(definition) as any).tensorflow.serving
      .PredictionService as ServiceClientConstructor;
    this.#client = new service(address, channel, { "grpc.max_receive_message_length": -1 });
    const root = new protobuf.Root();
    root.resolvePath = (_from, target) => (target.startsWith("/") ? target : `${ROOT}protos/${target}`);
    this.#examples = root
      .loadSync("tensorflow/core/example/example.proto", { keepCase: true })
      .lookupType("tensorflow.Example");
  }

  call(method: string): Call {
    // biome-ignore lint/suspicious/noExplicitAny: methods are made at run time
    return promisify((this.#client as any)[method].bind(this.#client)) as Call;
  }

  close(): void {
    this.#client.close();
  }

  /** A recorded case asked over gRPC, in the shape of {@link grpcAnswer}. */
  async answer(model: string, recorded: RecordedCase): Promise<unknown> {
    const version = recorded.version === undefined ? {} : { version: { value: Number(recorded.version) } };
    const model_spec = { name: model, signature_name: recorded.signature, ...version };
    if (recorded.method === "predict") {
      const inputs = Object.fromEntries(Object.entries(recorded.inputs ?? {}).map(([k, t]) => [k, tensorProto(t)]));
      const answer = await this.call("Predict")({ model_spec, inputs });
      const outputs = Object.entries(answer["outputs"] as Record<string, Message>);
      return Object.fromEntries(outputs.map(([alias, proto]) => [alias, plainTensor(proto)]));
    }
    const examples = (recorded.examples_b64 ?? []).map((b64) => this.#examples.decode(Buffer.from(b64, "base64")));
    const input = { example_list: { examples } };
    const { result } = await this.call(recorded.method === "classify" ? "Classify" : "Regress")({ model_spec, input });
    if (recorded.method === "regress") {
      return (result as { regressions: { value: number }[] }).regressions.map(({ value }) => value);
    }
    return (result as { classifications: { classes: { label: string; score: number }[] }[] }).classifications.map(
      ({ classes }) => classes.map(({ label, score }) => [label, score]),
    );
  }
}

/** What {@link PredictionClient.answer} owes for a case. */
export function grpcAnswer(recorded: RecordedCase): unknown {
  if (recorded.results !== undefined) return recorded.results;
  return Object.fromEntries(
    Object.entries(recorded.outputs ?? {}).map(([alias, { dtype, shape, values }]) => [
      alias,
      { dtype, shape, values },
    ]),
  );
}

function tensorProto({ dtype, shape, values }: RecordedTensor): Message {
  return {
    dtype,
    tensor_shape: { dim: shape.map((size) => ({ size })) },
    [fieldOf(dtype)]: values.map((value) => (dtype === "DT_STRING" ? bytesOf(value) : value)),
  };
}

function plainTensor(proto: Message): RecordedTensor {
  const dtype = proto["dtype"] as string;
  const dims = ((proto["tensor_shape"] as Message | undefined)?.["dim"] ?? []) as { size?: number }[];
  const values = (proto[fieldOf(dtype)] ?? []) as (number | Buffer)[];
  return {
    dtype,
    shape: dims.map(({ size = 0 }) => size),
    values: values.map((value) => (Buffer.isBuffer(value) ? value.toString() : value)),
  };
}

function fieldOf(dtype: string): string {
  const field = VALUE_FIELDS[dtype];
  if (field === undefined) throw new Error(`no value field is known for ${dtype}`);
  return field;
}

function bytesOf(value: RecordedValue): Buffer {
  return typeof value === "object" ? Buffer.from(value.b64, "base64") : Buffer.from(String(value));
}
