import { type Config, parseDuration, plainConfig } from "../../config/index.ts";
import { CallController, InferenceError, type ModelName, notAvailable, type VersionStatus } from "../../core/index.ts";
import type { RampCommand } from "../ramps/index.ts";
import { type ExplainQuery, type Explanation, QUERY_KEYS, queryFromUrl } from "../routing/index.ts";
import type { Pools } from "../upstream/index.ts";
import { within } from "../within.ts";
import { type AdminApi, type AdminReply, type AdminRequest, type AdminRoute, answerByRoutes } from "./admin-routes.ts";
import type { Control, ModelEntry } from "./control.ts";

/** What the process that is asked knows itself. */
export interface AdminLocal {
  readonly config: () => Config;
  readonly explain: (query: ExplainQuery) => Explanation;
  readonly pools: Pick<Pools, "registry" | "missingOf" | "problemOf" | "until" | "workers" | "figures">;
}

export function createAdminApi(control: Control, local: AdminLocal): AdminApi {
  return answerByRoutes([
    { method: "GET", path: ["status"], answer: async () => ok(await status(control, local)) },
    { method: "GET", path: ["config"], answer: async () => ok(plainConfig(local.config())) },
    { method: "POST", path: ["reload"], answer: () => reload(control) },
    { method: "GET", path: ["models"], answer: async () => ok({ models: await models(control, local) }) },
    { method: "POST", path: ["models"], query: ["wait"], answer: (request) => add(control, local, request) },
    { method: "GET", path: ["models", "*"], answer: async (_, name) => ok(await model(control, local, name)) },
    {
      method: "PUT",
      path: ["models", "*"],
      query: ["wait"],
      answer: (request, name) => put(control, local, request, name),
    },
    { method: "DELETE", path: ["models", "*"], answer: (_, name) => remove(control, name) },
    {
      method: "GET",
      path: ["explain"],
      query: QUERY_KEYS,
      answer: async ({ query }) => ok(local.explain(queryFromUrl(query))),
    },
    ...RAMP_COMMANDS.map(
      ([word, command]): AdminRoute => ({
        method: "POST",
        path: ["routes", "*", "ramp", word],
        answer: async (_, route = "") => ok(await control.ramp(route, command)),
      }),
    ),
  ]);
}

/** As URLs have them. */
const RAMP_COMMANDS: readonly (readonly [word: string, command: RampCommand])[] = [
  ["pause", "pause"],
  ["resume", "resume"],
  ["roll-back", "rollBack"],
  ["restart", "restart"],
];

function ok(json: unknown): AdminReply {
  return { status: 200, json };
}

async function status(control: Control, local: AdminLocal): Promise<unknown> {
  const [kept, known, workers] = await Promise.all([control.status(), models(control, local), local.pools.workers()]);
  const { ramps, shadows, ...config } = kept;
  return {
    config,
    models: known.map(({ model: { name }, ...others }) => ({ name, ...others })),
    ramps,
    shadows,
    workers,
    pools: local.pools.figures(),
  };
}

async function reload(control: Control): Promise<AdminReply> {
  const { errors, ...result } = await control.reload("admin");
  if (result.result !== "refused") return ok(result);
  return { status: 400, json: { error: `config refused, the last good one stays:\n${errors.join("\n")}`, errors } };
}

type ModelAnswer = ModelEntry & { readonly versions: readonly object[] };

async function models(control: Control, local: AdminLocal): Promise<readonly ModelAnswer[]> {
  return (await control.models()).map((entry) => described(entry, local));
}

async function model(control: Control, local: AdminLocal, name = ""): Promise<ModelAnswer> {
  // Of two of one name it is the one that the admin API can change.
  const entry = (await control.models()).findLast((each) => each.model.name === name);
  if (entry === undefined) throw new InferenceError("NOT_FOUND", `no model is called "${name}"`);
  return described(entry, local);
}

function described(entry: ModelEntry, { pools: { registry, problemOf } }: AdminLocal): ModelAnswer {
  if (entry.shadowed || entry.problem !== undefined) return { ...entry, versions: [] };
  const name = entry.model.name as ModelName;
  const versions = (registry.status(name) ?? []).map(versionRow);
  const problem = problemOf(name);
  return problem === undefined ? { ...entry, versions } : { ...entry, problem, versions };
}

function versionRow({ version, state, code, message }: VersionStatus): object {
  const row = { version: String(version), state };
  return code === "OK" ? row : { ...row, error: `${code}: ${message}` };
}

async function add(control: Control, local: AdminLocal, { body, query }: AdminRequest): Promise<AdminReply> {
  const waitMs = waitOf(query);
  const entry = await control.addModel(await body(), waitMs);
  const location = `/admin/models/${encodeURIComponent(entry.model.name)}`;
  return { ...(await answersNow(entry, 201, waitMs, local)), location };
}

async function put(control: Control, local: AdminLocal, { body, query }: AdminRequest, name = ""): Promise<AdminReply> {
  const waitMs = waitOf(query);
  const { replaced, ...entry } = await control.putModel(name, await body(), waitMs);
  return await answersNow(entry, replaced ? 200 : 201, waitMs, local);
}

async function remove(control: Control, name = ""): Promise<AdminReply> {
  await control.removeModel(name);
  return ok({ removed: name });
}

/** Who waits for a model wants to know whether it answers. */
async function answersNow(entry: ModelEntry, status: number, waitMs: number, local: AdminLocal): Promise<AdminReply> {
  const name = entry.model.name as ModelName;
  if (waitMs > 0) {
    const limit = new CallController();
    const { registry, missingOf, until } = local.pools;
    const waited = until(() => missingOf(name).length === 0, limit.signal);
    await within(waitMs, waited);
    limit.abort();
    const [missing] = missingOf(name);
    if (missing !== undefined || registry.latest(name) === undefined) {
      const why = missing ?? notAvailable([{ name, ...registry.failure(name) }]).message;
      throw new InferenceError("UNAVAILABLE", `${why}; it is configured all the same`);
    }
  }
  return { status, json: described(entry, local) };
}

function waitOf(query: URLSearchParams): number {
  const written = query.get("wait");
  if (written === null) return 0;
  const waitMs = parseDuration(written);
  if (waitMs !== undefined) return waitMs;
  throw new InferenceError("INVALID_ARGUMENT", `wait: expected a duration like 10s, 500ms or 1m, got "${written}"`);
}
