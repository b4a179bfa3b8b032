import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../../core/index.ts";
import { GrpcFront } from "../../../http2/index.ts";
import { predictionServiceRaw, workerInferenceRaw } from "../../../protos/index.ts";
import { decodePredictResponse } from "../../../tensor/index.ts";
import type { BytesAnswer, CallScope } from "../../../worker/server/call-scope.ts";
import { directHandler } from "../../../worker/server/direct.ts";
import { InFlight } from "../../../worker/server/in-flight.ts";
import { listen } from "../../../worker/server/listen.ts";
import { serving } from "./health.ts";
import { floats, predictRequest, slowRequest, spec } from "./requests.ts";
import { EXAMPLES, MODELS, type Served, serve, wanted } from "./served.ts";

let served: Served;
let session: ClientHttp2Session;
beforeAll(async () => {
  served = await serve([wanted("half_plus_two", `${EXAMPLES}/half_plus_two`), wanted("slow", `${MODELS}/slow`)]);
  await serving(served.client);
  session = connect(`http://${served.worker.address}`);
});
afterAll(async () => {
  session.close();
  await served.close();
});

const { path } = predictionServiceRaw.Predict;

/** TensorProto's field 4, as bytes. */
const TENSOR_CONTENT = 0x22;

const LIMITS = { windowBytes: 65_535, maxFrameBytes: 16_384, maxReceiveBytes: -1, maxSendBytes: -1 };

function framed(message: Uint8Array, compressed = 0): Buffer {
  const head = Buffer.from([compressed, 0, 0, 0, 0]);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function open(headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
  return session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
}

interface Ended {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The trailers, or the headers where there was nothing else. */
  readonly end: IncomingHttpHeaders;
}

async function ended(stream: ClientHttp2Stream): Promise<Ended> {
  let headers: IncomingHttpHeaders = {};
  let end: IncomingHttpHeaders | undefined;
  const parts: Buffer[] = [];
  stream.on("response", (all) => {
    headers = all;
  });
  stream.on("trailers", (all) => {
    end = all;
  });
  stream.on("data", (part: Buffer) => parts.push(part));
  await once(stream, "close");
  return { headers, body: Buffer.concat(parts), end: end ?? headers };
}

async function answerTo(pieces: readonly Uint8Array[], headers: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const stream = open(headers);
  const answer = ended(stream);
  for (const piece of pieces) await new Promise<void>((sent) => stream.write(piece, () => sent()));
  stream.end();
  return await answer;
}

function outputOf({ body }: Ended): Buffer {
  expect(body.readUInt32BE(1)).toBe(body.length - 5);
  const output = decodePredictResponse(body.subarray(5)).outputs.get("y");
  if (output?.kind !== "packed") throw new Error("no numbers");
  return Buffer.from(output.data);
}

const many = predictRequest(spec(), { x: floats([50_000, 1], ...Array.from({ length: 50_000 }, (_, i) => i)) });

describe("a call on its HTTP/2 stream", () => {
  for (const size of [1, 4, 7, 16_000, 65_536]) {
    test(`is put together from pieces of ${size} bytes`, async () => {
      const whole = framed(size < 10 ? predictRequest(spec()) : many);
      const pieces: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size));
      const answer = await answerTo(pieces);
      expect(answer.end["grpc-status"]).toBe("0");
      expect(outputOf(answer).readFloatLE(8)).toBe(size < 10 ? 4.5 : 3);
      if (size > 10) expect(outputOf(answer).readFloatLE(49_999 * 4)).toBe(49_999 / 2 + 2);
    });
  }

  test("goes past grpc-js, which would tell the time", async () => {
    const { headers } = await answerTo([framed(predictRequest(spec()))]);
    expect(headers.date).toBeUndefined();
  });

  test("is answered in tensor_content where the gateway asks for that", async () => {
    const [asClients, asGateway] = await Promise.all(
      [path, workerInferenceRaw.Predict.path].map((each) =>
        answerTo([framed(predictRequest(spec()))], { ":path": each }),
      ),
    );
    expect(outputOf(asGateway as Ended)).toEqual(outputOf(asClients as Ended));
    expect((asGateway as Ended).body).not.toEqual((asClients as Ended).body);
    const content = Buffer.from([TENSOR_CONTENT, 12, ...outputOf(asGateway as Ended)]);
    expect((asGateway as Ended).body.includes(content)).toBe(true);
  });

  test("is left to grpc-js where it is compressed", async () => {
    const answer = await answerTo([framed(gzipSync(predictRequest(spec())), 1)], { "grpc-encoding": "gzip" });
    expect(answer.headers.date).toBeDefined();
    expect(outputOf(answer).readFloatLE(8)).toBe(4.5);
  });

  const one = framed(predictRequest(spec()));
  const broken: readonly { name: string; pieces: readonly Uint8Array[]; code: number; details: string }[] = [
    { name: "no message", pieces: [], code: status.UNIMPLEMENTED, details: "Received no request message" },
    { name: "a part of one", pieces: [one.subarray(0, 9)], code: status.UNIMPLEMENTED, details: "no request message" },
    {
      name: "two of them",
      pieces: [Buffer.concat([one, one])],
      code: status.UNIMPLEMENTED,
      details: "a second request",
    },
    { name: "an unnamed compression", pieces: [framed(one, 1)], code: status.INTERNAL, details: "compressed" },
    { name: "no protobuf", pieces: [framed(Buffer.from([7]))], code: status.INVALID_ARGUMENT, details: "" },
  ];
  for (const { name, pieces, code, details } of broken) {
    test(`with ${name} is refused`, async () => {
      const { end } = await answerTo(pieces);
      expect(end["grpc-status"]).toBe(String(code));
      expect(decodeURI(String(end["grpc-message"]))).toContain(details);
    });
  }

  test("ends with DEADLINE_EXCEEDED when its timeout passes during the run", async () => {
    const { end } = await answerTo([framed(slowRequest(400))], { "grpc-timeout": "50m" });
    expect(end["grpc-status"]).toBe(String(status.DEADLINE_EXCEEDED));
  });

  test("tells by its signal that the client has given up, and counts until it has ended", async () => {
    const inFlight = new InFlight();
    const scopes: CallScope[] = [];
    let finish: (() => void) | undefined;
    const answer: BytesAnswer = async (_, scope) => {
      scopes.push(scope);
      scope.signal?.addEventListener("abort", () => scopes.push(scope));
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return new Uint8Array(0);
    };
    const front = new GrpcFront({
      limits: { ...LIMITS, ping: { everyMs: 60_000, timeoutMs: 60_000 } },
      handlers: new Map([[path, directHandler({ inFlight, log: silentLogger }, path, answer)]]),
      knows: () => true,
      inject: () => expect.fail("relayed"),
    });
    const listening = await listen({ host: "127.0.0.1", port: 0, socketPath: undefined }, (socket) =>
      front.accept(socket),
    );
    const other = connect(`http://${listening.address}`);
    const call = other.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
    call.on("error", () => {});
    call.end(framed(Buffer.from("x")));
    await vi.waitFor(() => expect(scopes).toHaveLength(1));
    call.close(constants.NGHTTP2_CANCEL);
    await vi.waitFor(() => expect(scopes).toHaveLength(2));
    expect(scopes[0]?.signal?.reason).toMatchObject({ code: "CANCELLED" });
    expect(inFlight.count).toBe(1);
    finish?.();
    await inFlight.idle();
    other.close();
    listening.close();
    front.destroy();
  });
});
