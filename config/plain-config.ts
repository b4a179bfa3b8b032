import type { Config } from "./schema/config.ts";

/**
 * A configuration as JSON values, for people and programs that look at it: every default filled in, units at the end of names,
 * and `"<secret>"` in place of tokens, passwords, private keys and what references tell of headers that routes match.
 */
export function plainConfig(config: Config): Readonly<Record<string, unknown>> {
  return plain(config) as Readonly<Record<string, unknown>>;
}

const SECRET = "<secret>";

/** Keys of the schema, never of free mappings, whose values nobody is shown. */
const SECRET_KEY = /^(key|keys|token|tokens|secret|password)$|(Key|Token|Secret|Password)s?$/;

/** As {@link plainConfig}, of a part. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : "none";
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof RegExp) return value.source;
  if (isSecretMatch(value)) return { by: value.by, value: SECRET };
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [String(key), plain(each)]));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      SECRET_KEY.test(key) && isText(each) ? hidden(each) : plain(each),
    ]),
  );
}

/** What a header has to be by a reference. */
function isSecretMatch(value: object): value is { readonly by: string } {
  return "secret" in value && value.secret === true && "by" in value;
}

function isText(value: unknown): value is string | readonly unknown[] {
  return typeof value === "string" || (Array.isArray(value) && value.every((each) => typeof each === "string"));
}

function hidden(value: string | readonly unknown[]): unknown {
  return typeof value === "string" ? SECRET : value.map(() => SECRET);
}
