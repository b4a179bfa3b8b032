import { type GrpcRequest, grpcRequest } from "./grpc-requests.ts";
import { mutated, type Random } from "./random.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const [DATA, HEADERS, SETTINGS] = [0, 1, 4];
const [END_STREAM, END_HEADERS] = [1, 4];

const HEADER_LINES = [
  ["grpc-timeout", "1n"],
  ["grpc-timeout", "99999999H"],
  ["grpc-timeout", "-1S"],
  ["grpc-encoding", "gzip"],
  ["grpc-encoding", "nonsense"],
  ["grpc-accept-encoding", "\u00ff"],
  ["content-type", "text/plain"],
  ["content-length", "3"],
  ["te", "gzip"],
  [":method", "GET"],
  ["connection", "close"],
  ["Upper-Case", "x"],
  ["x-bin", "!"],
  ["x-long", "a".repeat(9_000)],
  ["", ""],
] as const;

/** What a connection of a gRPC client begins with and one or more calls, with frames that are cut short, changed or out of place. */
export function http2Bytes(random: Random): Buffer {
  if (random.chance(0.05)) return random.bytes(random.below(200));
  const frames = [PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))];
  for (let stream = 1; random.chance(stream === 1 ? 1 : 0.4); stream += 2)
    frames.push(...call(random, stream, grpcRequest(random)));
  if (random.chance(0.3))
    frames.push(frame(random.below(12), random.below(256), random.below(6), random.bytes(random.below(40))));
  if (random.chance(0.2)) frames.reverse();
  const bytes = Buffer.concat(frames);
  if (random.chance(0.3)) return bytes.subarray(0, random.below(bytes.length));
  return random.chance(0.7) ? mutated(random, bytes, [bytes, PREFACE]) : bytes;
}

function call(random: Random, stream: number, { path, message }: GrpcRequest): Buffer[] {
  const lines: (readonly [string, string])[] = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "127.0.0.1"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ];
  if (random.chance(0.3)) lines.push(random.pick(HEADER_LINES));
  const prefix = Buffer.alloc(5);
  prefix[0] = random.pick([0, 0, 0, 0, 1, 255]);
  prefix.writeUInt32BE(
    random.pick([message.length, message.length, message.length, message.length + 9, 2 ** 32 - 1, 0]),
    1,
  );
  const content = Buffer.concat([prefix, message]);
  const header = frame(HEADERS, END_HEADERS, stream, Buffer.concat(lines.map(literal)));
  return [header, frame(DATA, random.chance(0.8) ? END_STREAM : 0, stream, content)];
}

/** RFC 9113, 4.1. */
function frame(type: number, flags: number, stream: number, content: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}

/** A header that is spelled out and not remembered (RFC 7541, 6.2.2). */
function literal([name, value]: readonly [string, string]): Buffer {
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

/** A length in seven bits, and in further bytes what goes beyond (RFC 7541, 5.1). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
