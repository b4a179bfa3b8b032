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
  | { readonly is: "refused"; readonly message: string }
  /** A name, version or label that cannot be decoded; TensorFlow Serving keeps the reason to itself. */
  | { readonly is: "undecodable"; readonly message: string };

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

/** Of a request target as it came. */
export function apiRoute(httpMethod: string, target: string): ApiRoute {
  const route = httpMethod === "OPTIONS" ? ({ is: "preflight" } as const) : routeOf(httpMethod, pathOf(target));
  return route ?? { is: "refused", message: `Malformed request: ${httpMethod} ${withoutHost(target)}` };
}

function routeOf(httpMethod: string, path: string): ApiRoute | undefined {
  if (httpMethod === "POST") return inferRoute(path);
  return httpMethod === "GET" ? lookRoute(path) : undefined;
}

function inferRoute(path: string): ApiRoute | undefined {
  const match = INFER.exec(path);
  if (match === null) return undefined;
  const [, name, digits, label, verb = ""] = match;
  const spec = specOf(name, digits, label);
  if ("is" in spec) return spec;
  // The pattern takes a verb in any letter case; what it then names is compared as it stands.
  const method = METHOD_OF_VERB[verb];
  return method && { is: "infer", method, ...spec };
}

function lookRoute(path: string): ApiRoute | undefined {
  if (/^\/v1\/models$/i.test(path)) return { is: "models" };
  const match = LOOK.exec(path);
  if (match === null) return undefined;
  const [, name, digits, label, metadata] = match;
  const spec = specOf(name, digits, label);
  if ("is" in spec) return spec;
  if (spec.name === "") return { is: "refused", message: "Missing model name in request." };
  return { is: metadata === "metadata" ? "metadata" : "status", ...spec };
}

type Spec = Pick<InferRoute, "name" | "choice">;
type Undecodable = Extract<LookRoute, { is: "undecodable" }>;

/** In the order of the original, which decodes before it looks at anything else. */
function specOf(name = "", digits?: string, label?: string): Spec | Undecodable {
  const decodedName = decode(name);
  if (decodedName === undefined) return { is: "undecodable", message: `Failed to decode model name: ${name}` };
  const choice = choiceOf(digits, label);
  return "is" in choice ? choice : { name: modelName(decodedName), choice };
}

function choiceOf(digits: string | undefined, label: string | undefined): VersionChoice | Undecodable {
  if (digits !== undefined) {
    const version = parseVersion(digits);
    if (version !== undefined) return { by: "version", version };
    return { is: "undecodable", message: `Failed to convert version: ${digits} to numeric.` };
  }
  if (label === undefined) return LATEST;
  const decoded = decode(label);
  if (decoded !== undefined) return { by: "label", label: decoded };
  return { is: "undecodable", message: `Failed to decode model version label: ${label}` };
}

/** Undefined for a `%` without two hex digits. Bytes that are no UTF-8 become U+FFFD: they name nothing. */
function decode(text: string): string | undefined {
  if (!text.includes("%")) return text;
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const bytes = text.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}

/** A client that takes us for a proxy sends scheme and host too. */
function withoutHost(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*/i, "");
}

/** The path of a request target, without the query, which is ignored. */
export function pathOf(target: string): string {
  return target.startsWith("/") && !target.includes("?") ? target : withoutHost(target).replace(/\?.*$/, "");
}

/** Whether the API answers under this path; `/v1` alone is not it. */
export function isApiPath(path: string): boolean {
  return /^\/v1\//i.test(path);
}
