import type protobuf from "protobufjs";
import { withoutDefaults } from "./canonical.ts";
import { protoRoot } from "./root.ts";
import { StrictReader } from "./strict-reader.ts";

/**
 * Turns one kind of message into an object and back. For messages that are small or rare: requests and answers that carry
 * tensors are worked on as bytes instead.
 */
export interface Codec<T> {
  /**
   * Canonical proto3 bytes: fields in order of their numbers, none that only holds its default. Fields may be left out.
   * Values that the type doesn't allow are not refused here: an unknown enum name, for instance, counts as its first value.
   */
  encode(value: Draft<T>): Buffer;
  /**
   * Every field is there, absent ones with their default (`null` for a message), except the members of a oneof, of which
   * only the one that is set is there, beside a field with the oneof's name that tells which. Unknown fields are dropped.
   * Bytes fields are views of `bytes`. Throws on bytes that are no such message.
   */
  decode(bytes: Uint8Array): T;
}

/** What may be left out when writing: everything. */
export type Draft<T> = T extends Uint8Array
  ? Uint8Array
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer E)[]
      ? readonly Draft<E>[]
      : { readonly [K in keyof T]?: Draft<T[K]> };

/**
 * How messages look as objects. An int64 is a decimal string (`"123"`), the one form that holds every value and that
 * protobufjs reads as well as writes; `BigInt(text)` and `String(value)` lead to and from a bigint. An enum is its name,
 * or its number where the name isn't known. Bytes are a Buffer.
 */
const asObject: protobuf.IConversionOptions = { longs: String, enums: String, defaults: true, oneofs: true };

/** The codec of a message, e.g. `codec<ModelServerConfig>("tensorflow.serving.ModelServerConfig")`. Nothing is parsed until it is used. */
export function codec<T>(fullName: string): Codec<T> {
  let type: protobuf.Type | undefined;
  return {
    encode(value) {
      type ??= messageType(fullName);
      const message = withoutDefaults(type, type.fromObject(value as Record<string, unknown>));
      return asBuffer(type.encode(message).finish());
    },
    decode(bytes) {
      type ??= messageType(fullName);
      return type.toObject(type.decode(new StrictReader(asBuffer(bytes))), asObject) as T;
    },
  };
}

/**
 * The declaration of a message, for readers of the text format: `fields` by name, each with `id`, `type`, `repeated`,
 * `map`, `partOf` (its oneof) and `resolvedType` (another `protobuf.Type`, or a `protobuf.Enum` with `values`). Throws
 * when there is no such message.
 */
export function messageType(fullName: string): protobuf.Type {
  return protoRoot().lookupType(fullName);
}

/** A view. protobufjs makes its bytes fields of the same class as its input. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
