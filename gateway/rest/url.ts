import { LATEST, type ModelName, modelName, parseVersion, type VersionChoice } from "../../core/index.ts";
import type { InferenceMethod } from "../call.ts";

/** What a request under `/v1/` asks for. */
export type ApiRoute = InferRoute | LookRoute;

export interface InferRoute {
  readonly is: "infer";
  readonly method: RestMethod;
  readonly name: ModelName;
  readonly choice: VersionChoice;
}

/** REST has no MultiInference. */
export type RestMethod = Exclude<InferenceMethod, "MultiInference">;

export type LookRoute =
  | { readonly is: "status" | "metadata"; readonly name: ModelName; readonly choice: VersionChoice }
  | { readonly is: "models" }
  | { readonly is: "preflight" }
  | { readonly is: "refused"; readonly message: string };

/*
 * The two patterns of TensorFlow Serving's `model_servers/http_rest_api_handler.cc`, which match in any letter case. What
 * stands for a name or label is percent-decoded after it has matched, so it may hold an encoded slash or colon.
 */
const INFER = /^\/v1\/models\/([^/:]+)(?:\/versions\/(\d+)|\/labels\/([^/:]+))?:(classify|regress|predict)$/i;
const LOOK = /^\/v1\/models(?:\/([^/:]+))?(?:\/versions\/(\d+)|\/labels\/([^/:]+))?(?:\/(metadata))?$/i;

const METHOD_OF_VERB: Readonly<Record<string, RestMethod>> = {
  predict: "Predict",
  classify: "Classify",
  regress: "Regress",
};

/** `path` is as {@link pathOf} gives it. HEAD asks what GET asks. */
export function apiRoute(httpMethod: string, path: string): ApiRoute {
  switch (httpMethod) {
    case "POST":
      return inferRoute(path) ?? malformed(httpMethod, path);
    case "GET":
    case "HEAD":
      return lookRoute(path) ?? malformed(httpMethod, path);
    case "OPTIONS":
      return { is: "preflight" };
    default:
      return malformed(httpMethod, path);
  }
}

function inferRoute(path: string): ApiRoute | undefined {
  const [, name, digits, label, verb = ""] = INFER.exec(path) ?? [];
  // The pattern takes a verb in any letter case; what it then names is compared as it stands.
  const method = METHOD_OF_VERB[verb];
  const model = name === undefined ? undefined : decode(name);
  if (method === undefined || model === undefined) return undefined;
  return withChoice(digits, label, (choice) => ({ is: "infer", method, name: modelName(model), choice }));
}

function lookRoute(path: string): ApiRoute | undefined {
  if (/^\/v1\/models$/i.test(path)) return { is: "models" };
  const match = LOOK.exec(path);
  if (match === null) return undefined;
  const [, name, digits, label, metadata] = match;
  if (name === undefined) return { is: "refused", message: "Missing model name in request." };
  const model = decode(name);
  if (model === undefined) return undefined;
  const is = metadata === "metadata" ? "metadata" : "status";
  return withChoice(digits, label, (choice) => ({ is, name: modelName(model), choice }));
}

function withChoice(
  digits: string | undefined,
  label: string | undefined,
  route: (choice: VersionChoice) => ApiRoute,
): ApiRoute | undefined {
  if (digits !== undefined) {
    const version = parseVersion(digits);
    if (version !== undefined) return route({ by: "version", version });
    return { is: "refused", message: `Failed to convert version: ${digits} to numeric.` };
  }
  if (label === undefined) return route(LATEST);
  const decoded = decode(label);
  return decoded === undefined ? undefined : route({ by: "label", label: decoded });
}

function malformed(httpMethod: string, path: string): ApiRoute {
  return { is: "refused", message: `Malformed request: ${httpMethod} ${path}` };
}

/** Undefined for what is no percent-encoded UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * The path of a request target: without the query, which is ignored, and without scheme and host, which a client that takes
 * us for a proxy sends.
 */
export function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*/i, "").replace(/\?.*$/, "");
}

/** Whether the API answers under this path; `/v1` alone is not it. */
export function isApiPath(path: string): boolean {
  return /^\/v1\//i.test(path);
}
