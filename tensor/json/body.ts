import { InferenceError } from "../../core/index.ts";
import type { DTypeName } from "../dtype.ts";
import { QUOTE } from "./cursor.ts";
import { type NumberList, NumberListReader } from "./number-list.ts";
import { quoteJson } from "./quote.ts";
import { checkSyntax } from "./syntax.ts";
import { stringEquals, stringText } from "./text.ts";

const MANY = 64;
const LONG_BYTES = 16_384;

const NAMES = ["signature_name", "instances", "inputs", "output_filter", "context", "examples"] as const;
type MemberName = (typeof NAMES)[number];
const NAME_BYTES = NAMES.map((name) => new TextEncoder().encode(name));

/**
 * The body of a predict, classify or regress request whose JSON has been checked. Long lists of numbers have been read on
 * that way, as one look at them is enough for both; nothing else has been parsed yet. Plain data, fit to be cloned.
 */
export interface RequestBody {
  readonly bytes: Uint8Array;
  /** `signature_name` as sent; "" when there is none. */
  readonly signature: string;
  /** Where the top-level object begins. */
  readonly rootAt: number;
  /** Where the value of each member that means something begins; the first of its name counts. */
  readonly members: ReadonlyMap<MemberName, number>;
  /** By where they begin. Short ones of many are not kept: they are read again sooner than carried around. */
  readonly lists: ReadonlyMap<number, NumberList>;
}

/**
 * Checks the syntax of the whole body and finds its members. Throws INVALID_ARGUMENT for what is not JSON, not an object,
 * or has a `signature_name` that is no string. `expected`: of which type the numbers in it will turn out to be. A wrong
 * guess costs a second look at them, and one that doesn't hold them, as integers don't hold fractions, a slower first look.
 */
export function parseRequestBody(body: Uint8Array, expected: DTypeName = "float"): RequestBody {
  const lists = new Map<number, NumberList>();
  const reader = NumberListReader.of(body);
  const onList = (at: number): number => {
    const list = reader?.read(at, expected);
    if (list === undefined) return -1;
    if (lists.size < MANY || list.endAt - at >= LONG_BYTES) lists.set(at, list);
    return list.endAt;
  };
  const members = new Map<MemberName, number>();
  const onMember = (nameAt: number, valueAt: number): void => {
    const index = NAME_BYTES.findIndex((name) => stringEquals(body, nameAt, name));
    const name = NAMES[index];
    if (name !== undefined && !members.has(name)) members.set(name, valueAt);
  };
  const rootAt = checkSyntax(body, onMember, reader === undefined ? undefined : onList);
  if (body[rootAt] !== 0x7b) throw bodyError(body, rootAt, "Is not object");
  return { bytes: body, signature: signatureName(body, rootAt, members.get("signature_name")), rootAt, members, lists };
}

/** All large memory that a body holds, each of its own buffer: what moves with it to another thread. */
export function memoryOfBody({ bytes, lists }: RequestBody): Uint8Array[] {
  return [bytes, ...Array.from(lists.values(), ({ data }) => data)];
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
