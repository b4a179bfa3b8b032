import { Client, credentials, status } from "@grpc/grpc-js";
import type { Tensorgate } from "../setup/tensorgate.ts";
import { type GrpcRequest, grpcRequest } from "./grpc-requests.ts";
import { httpRequest, isAnswered } from "./http-requests.ts";
import { http2Bytes } from "./http2-bytes.ts";
import { Random } from "./random.ts";
import { exchange } from "./raw-exchange.ts";

export interface Attack {
  readonly seed: number;
  readonly seconds: number;
  readonly report: Report;
}

export interface Report {
  /** How often each outcome came, for a person to see that everything was reached. */
  readonly outcomes: Map<string, number>;
  /** What must not be, in words. */
  readonly faults: string[];
}

/** Every request has to have an answer, and every connection an end, within; the machine may be busy. */
const LIMIT_MS = 15_000;

const REFUSALS: ReadonlySet<number> = new Set([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
]);

/** Good and broken requests on both ports at once, over HTTP, gRPC and bare connections, until the time is over. */
export async function attack(gateway: Tensorgate, { seed, seconds, report }: Attack): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  const client = new Client(gateway.grpc, credentials.createInsecure());
  const restPort = Number(new URL(gateway.rest).port);
  const grpcPort = Number(gateway.grpc.split(":")[1]);
  const attackers = [
    ...Array.from({ length: 6 }, () => (random: Random) => askRest(restPort, random, report)),
    ...Array.from({ length: 4 }, () => (random: Random) => callGrpc(client, grpcRequest(random), report)),
    ...Array.from({ length: 4 }, () => (random: Random) => sendFrames(grpcPort, random, report)),
  ];
  await Promise.all(
    attackers.map(async (act, i) => {
      const random = new Random(seed + i);
      while (performance.now() < endMs && report.faults.length < 20) await act(random);
    }),
  );
  client.close();
}

function count({ outcomes }: Report, outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

async function askRest(port: number, random: Random, report: Report): Promise<void> {
  const request = httpRequest(random);
  const sent = JSON.stringify(request.bytes.toString("latin1").slice(0, 2_000));
  let received: string;
  try {
    received = await exchange(port, request, isAnswered, LIMIT_MS);
  } catch (thrown) {
    report.faults.push(String(thrown));
    return;
  }
  if (received === "" && request.patienceMs === Infinity) report.faults.push(`REST: no answer to ${sent}`);
  const statuses = [...received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) => Number(code));
  for (const code of statuses) {
    count(report, `REST ${code}`);
    // 501 is said to a method that nobody knows, and to a dtype that JSON cannot carry.
    if (code > 501 || code === 500) report.faults.push(`REST: ${received.slice(0, 500)} to ${sent}`);
  }
}

function callGrpc(client: Client, { path, message }: GrpcRequest, report: Report): Promise<void> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, message, { deadline: Date.now() + LIMIT_MS }, (error) => {
      const code = error?.code ?? status.OK;
      count(report, `gRPC ${status[code]}`);
      // Of messages that are read as objects grpc-js says so itself.
      const unread = code === status.INTERNAL && error?.details === "Error deserializing request";
      if (!REFUSALS.has(code) && !unread) {
        report.faults.push(`gRPC: ${error?.message} to ${path} ${message.toString("hex")}`);
      }
      resolve();
    });
  });
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

async function sendFrames(port: number, random: Random, report: Report): Promise<void> {
  try {
    await exchange(port, { bytes: http2Bytes(random), patienceMs: 50 }, () => false, LIMIT_MS);
    count(report, "HTTP/2 connection ended");
  } catch (thrown) {
    report.faults.push(String(thrown));
  }
}
