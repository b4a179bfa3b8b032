import {
  type Client,
  type ClientOptions,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ROOT } from "./tensorgate.ts";

/** A message as proto-loader reads and writes it: int64 as text, enums by name, every field there. */
// biome-ignore lint/suspicious/noExplicitAny: messages are looked into freely by tests
export type Message = Record<string, any>;

export interface CallSettings {
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Told {
  /** `OK`, or `CODE: details`. */
  readonly outcome: string;
  readonly answer: Message;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const PROTOS = [
  "tensorflow_serving/apis/prediction_service.proto",
  "tensorflow_serving/apis/model_service.proto",
  "tensorflow/core/example/example.proto",
];

/** TensorFlow Serving's services, by a client that has nothing of the product's own but the .proto files. */
export class GrpcClient {
  readonly #services: readonly Client[];

  constructor(address: string, channel = credentials.createInsecure(), options: ClientOptions = {}) {
    const definition = loadSync(PROTOS, {
      keepCase: true,
      longs: String,
      enums: String,
      defaults: true,
      oneofs: true,
      includeDirs: [`${ROOT}protos`],
    });
    // biome-ignore lint/suspicious/noExplicitAny: proto-loader's tree has no types
    const { serving } = (loadPackageDefinition(definition) as any).tensorflow;
    const services: ServiceClientConstructor[] = [serving.PredictionService, serving.ModelService];
    const all = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1, ...options };
    this.#services = services.map((Service) => new Service(address, channel, all));
  }

  /** The answer; rejects with the ServiceError. */
  call(method: string, request: Message, { deadlineMs = 20_000, metadata = {} }: CallSettings = {}): Promise<Message> {
    // biome-ignore lint/suspicious/noExplicitAny: methods are made at run time
    const service = this.#services.find((each) => method in each) as any;
    const headers = new Metadata();
    for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer: Message): void =>
        error === null ? resolve(answer) : reject(error);
      service[method](request, headers, { deadline: Date.now() + deadlineMs }, done);
    });
  }

  /** The answer or the error, and the metadata that has come with it. */
  told(method: string, request: Message, { deadlineMs = 20_000, metadata = {} }: CallSettings = {}): Promise<Told> {
    // biome-ignore lint/suspicious/noExplicitAny: methods are made at run time
    const service = this.#services.find((each) => method in each) as any;
    const headers = new Metadata();
    for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
    return new Promise((resolve) => {
      let before: Metadata | undefined;
      const done = (error: ServiceError | null, answer: Message): void =>
        resolve(
          error === null
            ? { outcome: "OK", answer, metadata: before?.getMap() ?? {} }
            : { outcome: `${status[error.code]}: ${error.details}`, answer: {}, metadata: error.metadata.getMap() },
        );
      const call = service[method](request, headers, { deadline: Date.now() + deadlineMs }, done);
      call.on("metadata", (received: Metadata) => {
        before = received;
      });
    });
  }

  /** `OK`, or `CODE: details`. */
  async outcome(method: string, request: Message, settings?: CallSettings): Promise<string> {
    try {
      await this.call(method, request, settings);
      return "OK";
    } catch (thrown) {
      const { code, details } = thrown as ServiceError;
      return `${status[code]}: ${details}`;
    }
  }

  close(): void {
    for (const service of this.#services) service.close();
  }
}
