import { InferenceError, LATEST, modelName, parseVersion, type VersionChoice } from "../../core/index.ts";
import type { ExplainQuery } from "./explain.ts";
import { asSent } from "./sent-text.ts";

/** A request in the words of a command line or a URL. */
export interface WrittenQuery {
  readonly model: string;
  readonly version?: string | undefined;
  readonly label?: string | undefined;
  readonly signature?: string | undefined;
  readonly client?: string | undefined;
  /** `name=value`. */
  readonly headers?: readonly string[] | undefined;
  /** Of the body; see `inputKey`. */
  readonly inputKey?: string | undefined;
}

/** Throws INVALID_ARGUMENT for what cannot be a request. */
export function explainQuery(written: WrittenQuery): ExplainQuery {
  const { model, signature = "", client, inputKey } = written;
  if (model === "") throw wrong("the name of a model is missing");
  const headers = headersOf(written.headers ?? []);
  return {
    spec: { name: modelName(model), choice: choiceOf(written), signature },
    header: (name) => headers.get(name),
    client,
    inputKey,
  };
}

/** What a URL may have. */
export const QUERY_KEYS: readonly string[] = ["model", "version", "label", "signature", "client", "header", "inputKey"];

/** As it stands in the query of `GET /admin/explain`: `?model=m&label=l&header=x-tenant%3Dbeta&header=…`. */
export function queryFromUrl(parameters: URLSearchParams): ExplainQuery {
  const one = (key: string): string | undefined => parameters.get(key) ?? undefined;
  return explainQuery({
    model: one("model") ?? "",
    version: one("version"),
    label: one("label"),
    signature: one("signature"),
    client: one("client"),
    headers: parameters.getAll("header"),
    inputKey: one("inputKey"),
  });
}

/** The other way round. */
export function queryToUrl({ headers = [], ...others }: WrittenQuery): URLSearchParams {
  const given = Object.entries(others).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams([...given, ...headers.map((header): [string, string] => ["header", header])]);
}

function choiceOf({ version, label }: WrittenQuery): VersionChoice {
  if (version !== undefined && label !== undefined) throw wrong("a request names a version or a label, never both");
  if (label !== undefined) return { by: "label", label };
  if (version === undefined) return LATEST;
  const number = parseVersion(version);
  if (number === undefined) throw wrong(`"${version}" is no version number`);
  return { by: "version", version: number };
}

/** Several values of a name are joined, as HTTP joins them. */
function headersOf(written: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const text of written) {
    const [, name, value] = /^([^=:\s]+)\s*[=:]\s*(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw wrong(`"${text}" is no header: write name=value`);
    const key = name.toLowerCase();
    const before = headers.get(key);
    const sent = asSent(value);
    headers.set(key, before === undefined ? sent : `${before}, ${sent}`);
  }
  return headers;
}

function wrong(message: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", message);
}
