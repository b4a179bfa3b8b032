import { readFileSync } from "node:fs";
import { mutated, type Random } from "./random.ts";

interface Recorded {
  readonly kind: string;
  readonly b64: string;
}

/** Messages of every kind as Python writes them; most name no model of this server, so some are written here. */
const RECORDED = (
  JSON.parse(readFileSync(new URL("../data/wire/messages.json", import.meta.url), "utf8")) as Recorded[]
).map(({ b64 }) => Buffer.from(b64, "base64"));

const PREDICTION = "/tensorflow.serving.PredictionService/";
const MODEL = "/tensorflow.serving.ModelService/";

const SPEC = field(1, field(1, "half_plus_two"));
const CLASSIFY = field(1, field(1, "half_plus_two"), field(3, "classify_x_to_y"));
const REGRESS = field(1, field(1, "half_plus_two"), field(3, "regress_x_to_y"));
/** dtype float, shape [2], two values. */
const FLOATS = [Buffer.of(8, 1), field(2, field(2, [8, 2])), field(5, [0, 0, 128, 63, 0, 0, 0, 64])];
const EXAMPLE = field(1, field(1, field(1, field(1, "x"), field(2, field(2, field(1, [0, 0, 128, 63]))))));
const EXAMPLES = field(2, field(1, EXAMPLE, EXAMPLE));
const IDENTITY = (dtype: string, number: number, ...values: readonly Buffer[]): Buffer =>
  Buffer.concat([
    field(1, field(1, "every_dtype"), field(3, dtype)),
    field(2, field(1, "x"), field(2, Buffer.of(8, number), field(2, field(2, [8, 2])), ...values)),
  ]);

/** Good requests. */
const SAMPLES: readonly (readonly [string, Buffer])[] = [
  [`${PREDICTION}Predict`, Buffer.concat([SPEC, field(2, field(1, "x"), field(2, ...FLOATS))])],
  [`${PREDICTION}Predict`, IDENTITY("int64", 9, field(10, [1, 255, 255, 3]))],
  [`${PREDICTION}Predict`, IDENTITY("string", 7, field(8, "a"), field(8, "bc"))],
  [`${PREDICTION}Predict`, IDENTITY("bool", 10, field(4, [1, 0]))],
  [`${PREDICTION}Classify`, Buffer.concat([CLASSIFY, EXAMPLES])],
  [`${PREDICTION}Regress`, Buffer.concat([REGRESS, EXAMPLES])],
  [
    `${PREDICTION}MultiInference`,
    Buffer.concat([
      field(1, CLASSIFY, field(2, "tensorflow/serving/classify")),
      field(1, REGRESS, field(2, "tensorflow/serving/regress")),
      EXAMPLES,
    ]),
  ],
  [`${PREDICTION}GetModelMetadata`, Buffer.concat([SPEC, field(2, "signature_def")])],
  [`${MODEL}GetModelStatus`, SPEC],
  ["/grpc.health.v1.Health/Check", field(1, "tensorflow.serving.PredictionService")],
  ["/tensorflow.serving.SessionService/SessionRun", SPEC],
];
/** A message that is read as good here would change what is served, so this method gets no good ones. */
const RELOAD = `${MODEL}HandleReloadConfigRequest`;
const MESSAGES = [...SAMPLES.map(([, message]) => message), ...RECORDED];

export interface GrpcRequest {
  readonly path: string;
  readonly message: Buffer;
}

/** A request that is good, damaged, meant for another method, or random bytes. */
export function grpcRequest(random: Random): GrpcRequest {
  if (random.chance(0.05))
    return { path: RELOAD, message: Buffer.concat([Buffer.of(0x0f), random.bytes(random.below(40))]) };
  const [path, good] = random.pick(SAMPLES);
  switch (random.below(8)) {
    case 0:
      return { path, message: good };
    case 1:
      return { path, message: random.bytes(random.below(80)) };
    case 2:
      return { path, message: random.pick(MESSAGES) };
    default:
      return { path, message: mutated(random, good, MESSAGES) };
  }
}

/** A length-delimited field; all of them are short. */
function field(number: number, ...parts: readonly (Buffer | string | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.of(number * 8 + 2, content.length), content]);
}
