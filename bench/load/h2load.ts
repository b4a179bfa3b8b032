import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { printed, quantile } from "../frame/index.ts";
import { program } from "../peers/programs.ts";
import type { Load } from "./load.ts";

export interface GrpcLoad {
  /** `host:port`, plain HTTP/2. */
  readonly address: string;
  /** `/package.Service/Method` */
  readonly path: string;
  /** A file that holds a framed message. */
  readonly bodyFile: string;
  /** Length of the framed message that answers it: a call that fails has trailers only, which h2load cannot read. */
  readonly answerBytes: number;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number | undefined;
  /** A folder for what h2load writes. */
  readonly scratch: string;
}

/** Calls a unary method with h2load, one thread, one call at a time on each connection. */
export async function h2load(load: GrpcLoad): Promise<Load> {
  const { address, path, bodyFile, answerBytes, connections, seconds, core, scratch } = load;
  const log = join(scratch, "h2load.log");
  rmSync(log, { force: true }); // h2load adds to it
  const counts = ["-t1", `-c${connections}`, "-m1", `-D${Math.max(1, Math.round(seconds))}`];
  const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
  const request = ["-d", bodyFile, `--log-file=${log}`, `http://${address}${path}`];
  const said = await printed(program("h2load"), [...counts, ...headers, ...request], { core });
  return parseH2load(said, readFileSync(log, "utf8"), { answerBytes, connections, seconds });
}

/** Of what h2load prints, and of its log: a line for each request with start, status and microseconds. */
export function parseH2load(
  said: string,
  log: string,
  {
    answerBytes,
    connections,
    seconds,
  }: { readonly answerBytes: number; readonly connections: number; readonly seconds: number },
): Load {
  const requests = log.split("\n").flatMap((line) => {
    const [, status, micros] = line.split("\t");
    return micros === undefined ? [] : [{ status, ms: Number(micros) / 1000 }];
  });
  const times = Float64Array.from(
    requests.filter(({ status }) => status === "200"),
    ({ ms }) => ms,
  ).sort();
  const [, failed = "0", errored = "0", timeout = "0"] = /(\d+) failed, (\d+) errored, (\d+) timeout/.exec(said) ?? [];
  const [, dataBytes] = /headers \(.*?\), \S+ \((\d+)\) data/.exec(said) ?? [];
  if (dataBytes === undefined) throw new Error(`h2load counted nothing:\n${said}`);
  const missing = Math.ceil((times.length * answerBytes - Number(dataBytes)) / answerBytes);
  const kinds = {
    // What is under way at the end is given up, and stands in the log with the status 0.
    "statuses other than 200": Math.max(0, requests.length - times.length - connections),
    failed: Number(failed),
    errored: Number(errored),
    timeouts: Number(timeout),
    "answers without a message": Math.max(0, missing),
  };
  return {
    answered: times.length,
    failed: Object.values(kinds).reduce((sum, count) => sum + count, 0),
    failures: Object.entries(kinds)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(", "),
    seconds: Math.max(1, Math.round(seconds)),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}
