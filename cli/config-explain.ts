import { readFile } from "node:fs/promises";
import { type Config, LOCAL_POOL, servedConfig } from "../config/index.ts";
import type { ModelName, Version } from "../core/index.ts";
import {
  type Availability,
  atFirstStep,
  clientAsked,
  compileRoutes,
  describeExplanation,
  type Explanation,
  explain,
  explainQuery,
  inputKey,
  queryToUrl,
  type Servable,
  UNKNOWN_VERSION,
  type WrittenQuery,
} from "../gateway/index.ts";
import type { FoundVersion } from "../worker/lifecycle/index.ts";
import { settingsAt } from "./config-check.ts";
import { type DiskLook, lookAtDisk } from "./disk-look.ts";
import { askGateway } from "./gateway-client.ts";
import { isSavedModel } from "./saved-model.ts";

export interface ExplainOptions {
  readonly model: string;
  readonly versionNumber?: string;
  readonly label?: string;
  readonly signature?: string;
  readonly client?: string;
  /** `name=value`. */
  readonly header: readonly string[];
  /** A file with the request's body. */
  readonly input?: string;
  readonly modelConfigFile?: string;
  /** A gateway that runs; undefined: what the file and the disk tell. */
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** Prints where a request goes, and why; exit status 0 when something answers it. */
export async function explainCommand(path: string | undefined, options: ExplainOptions): Promise<number> {
  const { model, versionNumber: version, label, signature, client, header: headers, input } = options;
  if (path !== undefined && options.url !== undefined) {
    throw new Error("--url asks a gateway that runs, which has its own configuration: leave the path out");
  }
  const key = input === undefined ? undefined : inputKey(await readFile(input));
  const query: WrittenQuery = { model, version, label, signature, client, headers, inputKey: key };
  const explanation =
    options.url === undefined
      ? await offline(path, query, options.modelConfigFile)
      : await live(options.url, query, options.token ?? process.env["TENSORGATE_ADMIN_TOKEN"]);
  process.stdout.write(
    options.json === true ? `${JSON.stringify(explanation, undefined, 2)}\n` : describeExplanation(explanation),
  );
  return explanation.error === undefined ? 0 : 1;
}

async function offline(path: string | undefined, query: WrittenQuery, modelConfigFile?: string): Promise<Explanation> {
  const config = servedConfig(await settingsAt(path, modelConfigFile));
  const asked = explainQuery(query);
  return explain(compileRoutes(atFirstStep(config)), assumedAvailability(config, await lookAtDisk(config)), {
    ...asked,
    client: clientAsked(config, asked),
  });
}

async function live(url: string, query: WrittenQuery, token: string | undefined): Promise<Explanation> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { ok, status, text } = await askGateway(url, `admin/explain?${queryToUrl(query).toString()}`, { headers });
  if (ok) return JSON.parse(text) as Explanation;
  const hint = status === 404 ? '; the admin API is off unless the configuration has "admin: { enabled: true }"' : "";
  throw new Error(`${url} answers ${status}${hint}: ${text.trim()}`);
}

/** As if every SavedModel on disk that is wanted had been loaded, and those of other machines' disks were there. */
function assumedAvailability(config: Config, looks: ReadonlyMap<ModelName, DiskLook>): Availability {
  const ownPool = new Map(config.models.map(({ name, pool = LOCAL_POOL }) => [name, pool]));
  const isAssumed = (name: ModelName, pool = ownPool.get(name)): boolean =>
    pool !== undefined && (pool !== LOCAL_POOL || !looks.has(name));
  const onDisk = (name: ModelName): readonly FoundVersion[] =>
    looks.get(name)?.wanted.filter(({ directory }) => isSavedModel(directory)) ?? [];
  return {
    servable(name, version, pool) {
      const isThere = onDisk(name).some((found) => found.version === version);
      return isAssumed(name, pool) || isThere ? servable(name, version, pool ?? ownPool.get(name)) : undefined;
    },
    latest(name, pool) {
      if (isAssumed(name, pool)) return servable(name, UNKNOWN_VERSION, pool ?? ownPool.get(name));
      const highest = onDisk(name).at(-1);
      return highest && servable(name, highest.version);
    },
    outlook: () => "failed",
  };
}

function servable(name: ModelName, version: Version, pool?: string): Servable {
  const nothing = { signatures: new Map(), signatureDefMap: new Uint8Array(), merging: new Map() };
  return { name, version, ...nothing, pool: pool === LOCAL_POOL ? undefined : pool };
}
