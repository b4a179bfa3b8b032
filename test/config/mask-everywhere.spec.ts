import { expect, test } from "vitest";
import { ConfigError, parseConfigText } from "../../config/index.ts";
import { configJsonSchema } from "../../config/json-schema.ts";
import { ReferenceValues } from "../../config/references.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Configurations that hold a value at one place each, so that every place of the schema has its turn. */
function* everywhere(schema: Schema, value: unknown): Generator {
  const { properties, additionalProperties, items, anyOf } = schema as Record<string, Schema | undefined>;
  yield value;
  for (const [key, each] of Object.entries(properties ?? {})) {
    for (const held of everywhere(each as Schema, value)) yield { [key]: held };
  }
  if (items !== undefined) for (const held of everywhere(items, value)) yield [held];
  if (schema["type"] === "object" && properties === undefined) yield* [{ any: value }, { any: { exact: value } }];
  if (typeof additionalProperties === "object") {
    for (const held of everywhere(additionalProperties, value)) yield { any: held };
  }
  for (const each of (anyOf ?? []) as readonly Schema[]) yield* everywhere(each, value);
}

const REFERENCE = "${SECRET}";
const texts = new Set([...everywhere(configJsonSchema(), REFERENCE)].slice(1).map((config) => JSON.stringify(config)));

for (const { name, secret, form } of [
  { name: "text", secret: "Hush-4711-Hush", form: `"${REFERENCE}"` },
  { name: "long text", secret: "Hush-4711-".repeat(20), form: `"${REFERENCE}"` },
  { name: "text with signs", secret: 'a"b\\c{(d)$ é\n4711 4711', form: `"${REFERENCE}"` },
  { name: "an address", secret: "s3://hush-4711/hush?x=%", form: REFERENCE },
  { name: "a number", secret: "47110815.25", form: REFERENCE },
  { name: "a number beyond 2^53", secret: "90071992547409931234", form: REFERENCE },
]) {
  test(`no place of a configuration makes a message tell a secret: ${name}`, () => {
    const references = new ReferenceValues([], { SECRET: secret });
    let refused = 0;
    for (const text of texts) {
      try {
        parseConfigText(text.replaceAll(`"${REFERENCE}"`, form), "/etc/tensorgate.json", { references });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        refused++;
        // A piece of each secret that no message has of its own.
        expect(error.message.toLowerCase(), text).not.toMatch(/4711|99254/);
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
}
