import type protobuf from "protobufjs";

/**
 * A message, as `codec` reads it, in the JSON mapping of protobuf with its original field names and all fields without
 * presence: 64-bit integers are strings, bytes base64, numbers that JSON lacks strings. What is absent and has presence is
 * left out. https://protobuf.dev/programming-guides/json/ — what belongs to a oneof comes last, as TensorFlow Serving has it.
 */
export function protoJson(type: protobuf.Type, message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const field of inOrder(type)) {
    const value = message[field.name];
    if (value === undefined || value === null) continue;
    define(object, field.name, fieldJson(field, value));
  }
  return object;
}

function inOrder({ fieldsArray }: protobuf.Type): readonly protobuf.Field[] {
  return [
    ...fieldsArray.filter(({ partOf }) => partOf === null),
    ...fieldsArray.filter(({ partOf }) => partOf !== null),
  ];
}

function fieldJson(field: protobuf.Field, value: unknown): unknown {
  if (field.map) {
    const entries: Record<string, unknown> = {};
    for (const [key, each] of Object.entries(value as Record<string, unknown>))
      define(entries, key, valueJson(field, each));
    return entries;
  }
  return field.repeated ? (value as readonly unknown[]).map((each) => valueJson(field, each)) : valueJson(field, value);
}

function valueJson(field: protobuf.Field, value: unknown): unknown {
  const inner = field.resolvedType;
  if (inner !== null && "fieldsArray" in inner) return protoJson(inner, value as Record<string, unknown>);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return field.type === "float" ? shortestFloat(value as number) : value;
}

/** The shortest decimal that reads back as the same 32-bit float. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Assignment would not make a member of the name `__proto__`, and a model's signature may have it. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
