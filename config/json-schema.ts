import { z } from "zod";
import { configSchema } from "./schema/config.ts";

/**
 * The JSON Schema of configuration files, for editors: it knows every key with its default, but not the rules that tie
 * one key to another. `config/tensorgate.schema.json` is a copy of it (`npm run schema`).
 */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return { $schema, title: "A configuration file of tensorgate", ...schema };
}

/** As the file holds it. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}
