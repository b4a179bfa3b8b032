import type { z } from "zod";
import { scalar, Unfit } from "./scalar.ts";

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

/** What RFC 9110, 5.5 lets stand in a header, but for what is not ASCII: that arrives differently everywhere. */
export function headerValue(): z.ZodType<string> {
  return scalar("a header's value, of printable ASCII characters", { type: "string" }, (value) => {
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    return typeof text === "string" && /^[\t -~]*$/.test(text) ? text.trim() : undefined;
  });
}
