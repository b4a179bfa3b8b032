import { InferenceError } from "../../core/index.ts";
import { QUOTE } from "./cursor.ts";
import { quoteJson } from "./quote.ts";
import { checkSyntax } from "./syntax.ts";
import { stringEquals, stringText } from "./text.ts";

const NAMES = ["signature_name", "instances", "inputs", "output_filter", "context", "examples"] as const;
type MemberName = (typeof NAMES)[number];
const NAME_BYTES = NAMES.map((name) => new TextEncoder().encode(name));

/** The body of a predict, classify or regress request whose JSON has been checked; nothing of it is parsed yet. */
export interface RequestBody {
  readonly bytes: Uint8Array;
  /** `signature_name` as sent; "" when there is none. */
  readonly signature: string;
  /** Where the top-level object begins. */
  readonly rootAt: number;
  /** Where the value of each member that means something begins; the first of its name counts. */
  readonly members: ReadonlyMap<MemberName, number>;
}

/**
 * Checks the syntax of the whole body and finds its members. Throws INVALID_ARGUMENT for what is not JSON, not an object,
 * or has a `signature_name` that is no string.
 */
export function parseRequestBody(body: Uint8Array): RequestBody {
  const members = new Map<MemberName, number>();
  const rootAt = checkSyntax(body, (nameAt, valueAt) => {
    const index = NAME_BYTES.findIndex((name) => stringEquals(body, nameAt, name));
    const name = NAMES[index];
    if (name !== undefined && !members.has(name)) members.set(name, valueAt);
  });
  if (body[rootAt] !== 0x7b) throw bodyError(body, rootAt, "Is not object");
  return { bytes: body, signature: signatureName(body, rootAt, members.get("signature_name")), rootAt, members };
}

function signatureName(body: Uint8Array, rootAt: number, valueAt: number | undefined): string {
  if (valueAt === undefined) return "";
  if (body[valueAt] !== QUOTE) {
    throw bodyError(body, rootAt, "not formatted correctly. 'signature_name' key must be a string value.");
  }
  return stringText(body, valueAt);
}

/** An error about the body as a whole, which it quotes. */
export function bodyError(body: Uint8Array, rootAt: number, what: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", `JSON Value: ${quoteJson(body, rootAt)} ${what}`);
}
