import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configJsonSchema, configJsonSchemaText } from "../../config/json-schema.ts";
import { parseConfig } from "../../config/load.ts";
import { readConfigSource } from "../../config/source.ts";

const folder = new URL("../../config/", import.meta.url);

const path = (name: string) => new URL(name, folder).pathname;

test("the JSON Schema in config/ is current (npm run schema writes it)", () => {
  expect(readFileSync(new URL("tensorgate.schema.json", folder), "utf8")).toBe(configJsonSchemaText());
});

test("every key of the JSON Schema has a shape", () => {
  const shapeless: string[] = [];
  const visit = (schema: Record<string, unknown>, path: string): void => {
    const { description, default: _, ...shape } = schema;
    if (Object.keys(shape).length === 0) shapeless.push(`${path} ${String(description)}`);
    const { properties, items, anyOf } = schema as { properties?: object; items?: object; anyOf?: object[] };
    for (const [key, member] of Object.entries(properties ?? {})) visit(member as typeof schema, `${path}.${key}`);
    for (const member of [items, ...(anyOf ?? [])]) if (member) visit(member as typeof schema, path);
  };
  visit(configJsonSchema(), "");
  expect(shapeless).toEqual([]);
});

test("the configurations that come along are right", async () => {
  const config = parseConfig(await readConfigSource(path("default.yaml")));
  expect(config.models.map(({ name }) => name)).toEqual([
    "half_plus_two",
    "textcnn",
    "digits",
    "linear",
    "mnist_two_signatures",
    "segment",
  ]);
  expect(parseConfig(await readConfigSource(path("example-ab.yaml"))).routes).toHaveLength(2);
});

test("every configuration that comes along names the schema, which lies beside it", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  expect(files).toContain("default.yaml");
  for (const file of files) {
    const [first] = readFileSync(new URL(file, folder), "utf8").split("\n");
    expect(first).toBe("# yaml-language-server: $schema=./tensorgate.schema.json");
  }
});

test("editors take a reference where a number is expected, and any text where a text is", () => {
  const { $defs, properties } = configJsonSchema() as Record<string, Record<string, Record<string, unknown>>>;
  const serverKeys = properties?.["server"]?.["properties"] as Record<string, { properties: object }>;
  expect(serverKeys["rest"]?.properties).toMatchObject({
    port: { default: 8501, anyOf: [{ type: "integer" }, { enum: ["off"] }, { $ref: "#/$defs/reference" }] },
  });
  expect(serverKeys["host"]).toMatchObject({ type: "string", default: "0.0.0.0" });
  expect(serverKeys["host"]).not.toHaveProperty("anyOf");
  const reference = new RegExp(String($defs?.["reference"]?.["pattern"]), "u");
  expect(["${PORT}", "${file:port}", "8501"].map((text) => reference.test(text))).toEqual([true, true, false]);
});
