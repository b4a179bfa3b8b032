import type { z } from "zod";
import { mapping, scalar, Unfit } from "./scalar.ts";

/** A token of RFC 9110, 5.6.2. */
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** In lower case. */
export function headerName(): z.ZodType<string> {
  return scalar("a header name", { type: "string", minLength: 1 }, (value) =>
    typeof value === "string" ? readHeaderName(value) : undefined,
  );
}

export function readHeaderName(written: string): string | Unfit {
  const name = written.toLowerCase();
  return HEADER_NAME.test(name) ? name : new Unfit(`expected a header name, got "${written}"`);
}

/** What gRPC allows in the names of metadata. */
const METADATA_NAME = /^[0-9a-z_.-]+$/;

/** What the edges write themselves. */
const OWN_HEADERS: ReadonlySet<string> = new Set(
  "connection content-encoding content-length content-type date keep-alive te trailer transfer-encoding upgrade".split(
    " ",
  ),
);

/** Headers that answers get, by their names in lower case. */
export function answerHeaders(): z.ZodType<ReadonlyMap<string, string>> {
  const shape = { type: "object", additionalProperties: { type: "string" } };
  return mapping(headerValue(), shape, readAnswerHeaderName);
}

/** In lower case: one that answers can have, over HTTP as over gRPC. */
function readAnswerHeaderName(written: string): string | Unfit {
  const name = readHeaderName(written);
  if (name instanceof Unfit) return name;
  const isOwn = OWN_HEADERS.has(name) || name.startsWith("grpc-") || name.startsWith("x-tensorgate-");
  if (isOwn) return new Unfit(`${name} is written by the gateway itself`);
  if (name.endsWith("-bin")) return new Unfit("expected the name of a header with a text, over gRPC -bin is for bytes");
  return METADATA_NAME.test(name)
    ? name
    : new Unfit(`expected letters, digits, "-", "_" and ".", as gRPC allows, got "${written}"`);
}

/** What RFC 9110, 5.5 lets stand in a header, but for what is not ASCII: that arrives differently everywhere. */
function headerValue(): z.ZodType<string> {
  return scalar("a header's value, of printable ASCII characters", { type: "string" }, (value) => {
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    return typeof text === "string" && /^[\t -~]*$/.test(text) ? text.trim() : undefined;
  });
}
