import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { absolutePath } from "./base-path.ts";
import { ConfigError, type Problem } from "./config-error.ts";
import { httpAtFiles } from "./http-at-files.ts";
import type { JoinedFiles } from "./join-files.ts";
import { ReferenceValues } from "./references.ts";
import type { Config } from "./schema/config.ts";
import type { ModelConfig } from "./schema/models.ts";
import type { RouteConfig } from "./schema/routes.ts";
import type { ServerConfig, TlsConfig } from "./schema/server.ts";
import type { TextMatch } from "./schema/text-match.ts";

export interface AtFilesOptions {
  /** Models from elsewhere, that stand instead of the files' own: routes are checked against them. */
  readonly models?: readonly ModelConfig[] | undefined;
  /** Default: the environment and files of now. */
  readonly references?: ReferenceValues | undefined;
}

/**
 * What a schema cannot know: every relative path made absolute, from the folder of the file that says it; the text of PEM
 * files; the places of routes, and what of them may be secret. Throws {@link ConfigError} for PEM files that cannot be read.
 */
export function atFiles(
  config: Config,
  files: JoinedFiles,
  { models, references = new ReferenceValues() }: AtFilesOptions,
): Config {
  const { folder } = config.state;
  return {
    ...config,
    server: serverAtFiles(config.server, files),
    state: { folder: folder && resolve(files.folderOf(["state", "folder"]), folder) },
    models:
      models ??
      config.models.map((model, i) => ({ ...model, path: absolutePath(model.path, files.folderOf(["models", i])) })),
    http: httpAtFiles(config.http, files, references),
    routes: config.routes.map((route, i) => withPlace(route, i, files)),
  };
}

function serverAtFiles(server: ServerConfig, files: JoinedFiles): ServerConfig {
  const { socketPath, tls } = server.grpc;
  const grpc = {
    ...server.grpc,
    socketPath: socketPath && resolve(files.folderOf(["server", "grpc", "socketPath"]), socketPath),
    tls: tls && withPemText(tls, files),
  };
  return { ...server, grpc };
}

/** A route without a name has that of its place, which other files of the folder don't change. */
function withPlace(route: RouteConfig, i: number, files: JoinedFiles): RouteConfig {
  const path = ["routes", i];
  const headers = [...route.match.headers].map(([name, match]): [string, TextMatch] => {
    const isSecret = files.isReferred([...path, "match", "headers", name]);
    return [name, isSecret && match.by !== "present" ? { ...match, secret: true } : match];
  });
  return {
    ...route,
    name: route.name || files.ownName(path),
    place: files.placeOf(path),
    match: { ...route.match, headers: new Map(headers) },
  };
}

/** With the text of its files in place of their paths. */
function withPemText(tls: TlsConfig, files: JoinedFiles): TlsConfig {
  const problems: Problem[] = [];
  const read = (field: "key" | "cert" | "ca", written: string): string => {
    const path = ["server", "grpc", "tls", field];
    try {
      return readFileSync(resolve(files.folderOf(path), written), "utf8");
    } catch (thrown) {
      problems.push(files.problem(path, `cannot be read: ${(thrown as Error).message}`));
      return "";
    }
  };
  const { key, cert, ca } = tls;
  const text = { ...tls, key: read("key", key), cert: read("cert", cert), ca: ca && read("ca", ca) };
  if (problems.length > 0) throw new ConfigError(problems);
  return text;
}
