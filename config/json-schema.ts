import { z } from "zod";
import { configSchema } from "./schema/config.ts";
import { isMapping } from "./schema/scalar.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of configuration files, for editors: it knows every key with its default, but not the rules that tie
 * one key to another. `config/tensorgate.schema.json` is a copy of it (`npm run schema`).
 */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, $defs, ...schema } = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return {
    $schema,
    title: "A configuration file of tensorgate",
    ...withReferences(schema),
    $defs: { ...$defs, reference: REFERENCE },
  };
}

/** As the file holds it. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

const REFERENCE = {
  type: "string",
  pattern: "\\$\\{",
  description: "From elsewhere: ${NAME}, ${NAME:-default} or ${file:PATH}.",
};

const TO_REFERENCE = { $ref: "#/$defs/reference" };

/** With a reference allowed wherever a single value is expected that is not any text anyway. */
function withReferences(schema: JsonSchema): JsonSchema {
  const { properties, additionalProperties, items, anyOf } = schema;
  if (Array.isArray(anyOf)) {
    const choices = anyOf as readonly JsonSchema[];
    const refuses = choices.some(isScalar) && !choices.some(takesAnyText);
    return { ...schema, anyOf: [...choices.map(inside), ...(refuses ? [TO_REFERENCE] : [])] };
  }
  if (!isScalar(schema) || takesAnyText(schema)) {
    return {
      ...schema,
      ...(isMapping(properties) ? { properties: eachOf(properties) } : {}),
      ...(isMapping(additionalProperties) ? { additionalProperties: withReferences(additionalProperties) } : {}),
      ...(isMapping(items) ? { items: withReferences(items) } : {}),
    };
  }
  const { description, default: standard, ...shape } = schema;
  return {
    ...(standard === undefined ? {} : { default: standard }),
    ...(description === undefined ? {} : { description }),
    anyOf: [shape, TO_REFERENCE],
  };
}

/** One choice of several, whose list has the reference already. */
function inside(choice: JsonSchema): JsonSchema {
  return isScalar(choice) ? choice : withReferences(choice);
}

function eachOf(properties: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => [key, isMapping(schema) ? withReferences(schema) : schema]),
  );
}

function isScalar({ type, enum: words }: JsonSchema): boolean {
  return (
    words !== undefined ||
    [type].flat().some((each) => ["string", "number", "integer", "boolean"].includes(String(each)))
  );
}

function takesAnyText({ type, pattern, enum: words }: JsonSchema): boolean {
  return [type].flat().includes("string") && pattern === undefined && words === undefined;
}
