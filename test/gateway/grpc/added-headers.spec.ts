import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { InferenceError, LATEST, modelName } from "../../../core/index.ts";
import { dtypeNamed, encodePredictRequest, packedTensor } from "../../../tensor/index.ts";
import { startGrpc } from "../setup/grpc.ts";

const PATH = "/tensorflow.serving.PredictionService/Predict";
const X = packedTensor(dtypeNamed("float"), [64], new Uint8Array(256));
const MESSAGE = Buffer.from(
  encodePredictRequest(
    { spec: { name: modelName("half"), choice: LATEST, signature: "" }, inputs: new Map([["x", X]]), outputFilter: [] },
    "content",
  ),
);

interface Told {
  readonly metadata: Metadata | undefined;
  readonly error: ServiceError | null;
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function ask(client: Client, fields: Record<string, string> = {}): Promise<Told> {
  const sent = new Metadata();
  for (const [name, value] of Object.entries(fields)) sent.set(name, value);
  return new Promise((resolve) => {
    let metadata: Metadata | undefined;
    const call = client.makeUnaryRequest(PATH, same, same, MESSAGE, sent, (error) => resolve({ metadata, error }));
    call.on("metadata", (headers) => {
      metadata = headers;
    });
  });
}

/** What is compressed is answered by grpc-js, the rest before it. */
for (const { way, options } of [
  { way: "plain", options: {} },
  { way: "compressed", options: { "grpc.default_compression_algorithm": 2 } },
]) {
  test(`metadata that a call adds comes before its answer, and in the trailers of its error: ${way}`, async () => {
    await using grpc = await startGrpc();
    const { serveWith } = grpc.backend;
    grpc.backend.serveWith = async (call, target) => {
      call.reply?.addHeader("x-arm", "old");
      call.reply?.addHeader("x-arm", "new");
      if (call.header("x-fail") !== undefined) throw new InferenceError("UNAVAILABLE", "gone");
      return await serveWith(call, target);
    };
    const client = new Client(grpc.client.getChannel().getTarget().replace(/^dns:/, ""), credentials.createInsecure(), {
      ...options,
      "grpc.use_local_subchannel_pool": 1,
    });
    const answered = await ask(client);
    expect(answered.error).toBe(null);
    expect(answered.metadata?.get("x-arm")).toEqual(["new"]);
    const failed = await ask(client, { "x-fail": "1" });
    expect(failed.error?.details).toBe("gone");
    expect(failed.error?.metadata.get("x-arm")).toEqual(["new"]);
    client.close();
  });
}

test("an answer to which nothing was added has the metadata that it always had", async () => {
  await using grpc = await startGrpc();
  const { metadata } = await ask(grpc.client);
  const names = Object.keys(metadata?.getMap() ?? {}).sort();
  expect(names).toEqual(["content-type"]);
});
