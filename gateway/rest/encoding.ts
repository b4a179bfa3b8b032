import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { RestAnswer } from "./answer.ts";

export type Encoding = "br" | "gzip";

/** A smaller body fits a packet or two as it is. */
const MIN_BYTES = 1024;

/** Answers are made once and read once: levels that take less time than they save on most networks. */
const GZIP_LEVEL = 2;
const BROTLI_QUALITY = 4;

const gzipped = promisify(gzip);
const brotli = promisify(brotliCompress);

/**
 * The answer in the encoding that `accept`, an Accept-Encoding header, likes best; as it is when there is none or it is
 * short. Compressing goes to the thread pool.
 */
export function encoded(accept: string | undefined, answer: RestAnswer): RestAnswer | Promise<RestAnswer> {
  return answer.body.length < MIN_BYTES ? answer : compressed(accept, answer);
}

async function compressed(accept: string | undefined, answer: RestAnswer): Promise<RestAnswer> {
  const { vary } = answer.headers;
  const headers = { ...answer.headers, vary: vary === undefined ? "Accept-Encoding" : `${vary}, Accept-Encoding` };
  const encoding = encodingFor(accept);
  if (encoding === undefined) return { ...answer, headers };
  return {
    ...answer,
    headers: { ...headers, "content-encoding": encoding },
    body: await compress(encoding, answer.body),
  };
}

function compress(encoding: Encoding, body: Uint8Array): Promise<Buffer> {
  if (encoding === "gzip") return gzipped(body, { level: GZIP_LEVEL });
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  return brotli(body, { params: { [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [BROTLI_PARAM_SIZE_HINT]: body.length } });
}

/** The one of the highest weight; of equals brotli, which makes less of it. RFC 9110, 12.5.3. */
export function encodingFor(accept: string | undefined): Encoding | undefined {
  if (accept === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const part of accept.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight) || 0);
  }
  const any = weights.get("*") ?? 0;
  const br = weights.get("br") ?? any;
  const gz = weights.get("gzip") ?? weights.get("x-gzip") ?? any;
  if (br === 0 && gz === 0) return undefined;
  return br >= gz ? "br" : "gzip";
}
