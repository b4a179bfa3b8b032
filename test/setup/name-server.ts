import { createSocket } from "node:dgram";
import { once } from "node:events";

/** What is answered for a name; without records: that it has none. */
export interface NameAnswer {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  /** Seconds; default 60. */
  readonly ttl?: number;
  /** 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED. */
  readonly rcode?: number;
  /** With `rcode`: for this type alone. */
  readonly only?: "A" | "AAAA";
  /** Nothing is answered. */
  readonly silent?: boolean;
}

export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** In lower case; what is not in it is NXDOMAIN. May be changed at any time. */
  readonly names: Map<string, NameAnswer>;
}

const TYPES: Readonly<Record<number, "A" | "AAAA">> = { 1: "A", 28: "AAAA" };

/** A DNS server (RFC 1035) over UDP on a free port of this machine. */
export async function startNameServer(): Promise<NameServer> {
  const names = new Map<string, NameAnswer>();
  const socket = createSocket("udp4");
  socket.on("message", (query, { address, port }) => {
    const answer = answerTo(query, names);
    if (answer !== undefined) socket.send(answer, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    names,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}

const HEADER_BYTES = 12;
const IS_ANSWER = 0x8400;
/** Where the question's name stands. */
const POINTER = 0xc00c;

function answerTo(query: Buffer, names: ReadonlyMap<string, NameAnswer>): Buffer | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[query.readUInt16BE(at + 1)];
  const question = query.subarray(HEADER_BYTES, at + 5);
  const known = names.get(labels.join(".").toLowerCase()) ?? { rcode: 3 };
  if (known.silent === true) return undefined;
  const rcode = known.only === undefined || known.only === type ? (known.rcode ?? 0) : 0;
  const addresses = rcode === 0 && type !== undefined ? (known[type] ?? []) : [];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(IS_ANSWER | (query.readUInt16BE(2) & 0x0100) | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([header, question, ...addresses.map((address) => recordOf(address, known.ttl ?? 60))]);
}

function recordOf(address: string, ttl: number): Buffer {
  const bytes = addressBytes(address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(POINTER, 0);
  head.writeUInt16BE(bytes.length === 4 ? 1 : 28, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, bytes]);
}

function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [before = "", after = ""] = address.split("::");
  const [left, right] = [words(before), words(after)];
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 255]));
}

function words(text: string): readonly number[] {
  return text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
}
