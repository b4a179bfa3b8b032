import { writeFileSync } from "node:fs";
import { configJsonSchemaText } from "./json-schema.ts";

/** `npm run schema`: brings the copy for editors up to date. */
writeFileSync(new URL(import.meta.resolve("#asset/config/tensorgate.schema.json")), configJsonSchemaText());
