import protobuf from "protobufjs";

type Fields = Record<string, unknown>;

/**
 * Removes, in place and at every depth, the fields that proto3 writers leave out: those without presence that hold their
 * default. protobufjs writes whatever is set, so that without this a decoded and re-encoded message would grow.
 */
export function withoutDefaults(type: protobuf.Type, message: protobuf.Message): protobuf.Message {
  const fields = message as unknown as Fields;
  for (const field of type.fieldsArray) {
    if (!Object.hasOwn(fields, field.name)) continue;
    const value = fields[field.name];
    const inner = field.resolvedType;
    if (inner instanceof protobuf.Type) {
      for (const child of children(field, value)) withoutDefaults(inner, child);
    } else if (!field.repeated && !field.map && field.partOf === null && isDefault(value)) {
      delete fields[field.name];
    }
  }
  return message;
}

function children(field: protobuf.Field, value: unknown): protobuf.Message[] {
  if (value === null || value === undefined) return [];
  if (field.repeated) return value as protobuf.Message[];
  return field.map ? Object.values(value as Record<string, protobuf.Message>) : [value as protobuf.Message];
}

/** Zero, false or empty. Minus zero is not: its sign would be lost. */
function isDefault(value: unknown): boolean {
  if (typeof value === "number") return Object.is(value, 0);
  if (typeof value === "string" || value instanceof Uint8Array) return value.length === 0;
  // A Long: fromObject makes one of every 64-bit integer.
  if (typeof value === "object" && value !== null && "low" in value && "high" in value)
    return value.low === 0 && value.high === 0;
  return value === false;
}
