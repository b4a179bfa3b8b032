import { type HttpArm, type HttpConfig, OWN_PATHS, type UpstreamTls } from "../../config/index.ts";
import { leastOfTwo, type Picker } from "../upstream/index.ts";
import type { UpstreamEndpoint } from "./upstream-endpoint.ts";

/** The entries of `http:`, compiled once and never changed; a reload makes another one. */
export interface PassTable {
  /** The entry with the longest prefix of a path, in whole segments; undefined: the path is the gateway's own. */
  find(path: string): PassRoute | undefined;
}

export interface PassRoute {
  readonly config: HttpConfig;
  readonly arms: readonly PassArm[];
  /** Outlives the table. */
  readonly load: EntryLoad;
}

export interface PassArm extends HttpArm {
  /** Tells this arm from others in a hash. */
  readonly hashKey: string;
  readonly endpoints: readonly UpstreamEndpoint[];
  /** One of them that its breaker lets requests through to. */
  readonly pick: Picker<UpstreamEndpoint>;
}

/** How much is under way for an entry. */
export interface EntryLoad {
  inFlight: number;
}

/** What an entry has that outlives a reload. */
export interface Living {
  endpoint(origin: string, tls: UpstreamTls | undefined): UpstreamEndpoint;
  load(name: string): EntryLoad;
}

export function compilePassTable(configs: readonly HttpConfig[], living: Living): PassTable {
  const routes = new Map(configs.map((config) => [config.prefix, compileEntry(config, living)]));
  if (routes.size === 0) return { find: () => undefined };
  const ofAll = routes.get("");
  const longest = Math.max(...configs.map(({ prefix }) => prefix.length));
  return {
    find(path) {
      let end = path.length <= longest ? path.length : segmentEnd(path, longest);
      for (; end > 0; end = segmentEnd(path, end - 1)) {
        const route = routes.get(path.slice(0, end));
        if (route !== undefined) return route;
      }
      return ofAll !== undefined && !isOwn(path) ? ofAll : undefined;
    },
  };
}

function compileEntry(config: HttpConfig, living: Living): PassRoute {
  const arms = config.arms.map((arm): PassArm => {
    const endpoints = arm.upstreams.map((origin) => living.endpoint(origin, config.tls));
    const pick = leastOfTwo(endpoints, Math.random);
    return { ...arm, hashKey: `${config.name}\0${arm.name}`, endpoints, pick };
  });
  return { config, arms, load: living.load(config.name) };
}

/** The last place up to `from` where a segment has ended; 0 when there is none. A verb like `:predict` is a segment too. */
function segmentEnd(path: string, from: number): number {
  for (let at = from; at > 0; at--) if (path[at] === "/" || path[at] === ":") return at;
  return 0;
}

/** What a prefix `/` leaves to the gateway. */
function isOwn(path: string): boolean {
  const [, first = ""] = path.split("/", 2);
  return OWN_PATHS.has(first) || /^\/v1(?:\/|$)/i.test(path);
}
