import type { RouteConfig, ShadowConfig } from "../../config/index.ts";
import { byteLengthOf, CallController, InferenceError } from "../../core/index.ts";
import type { CallBody } from "../call.ts";
import { type Decision, isPartOf, uniform } from "../routing/index.ts";
import { createComparer } from "../threads/index.ts";
import type { CopiedCall } from "./copied-call.ts";
import { Copies } from "./copies.ts";
import { newestFirst, type ShadowSample } from "./samples.ts";
import { Shadow, type ShadowParts } from "./shadow.ts";
import { SpareTime } from "./spare-time.ts";

export interface ShadowingOptions extends Omit<ShadowParts, "spareTime" | "comparer" | "ended"> {
  /** Of the configuration that acts. */
  readonly routes: readonly RouteConfig[];
  /** In [0, 1). */
  readonly random?: () => number;
}

/**
 * Whoever creates it closes it. Sends copies of calls to the shadows of their routes and compares the answers. Nobody waits for a copy: it is sent once its caller
 * has been answered, in time that the event loop has to spare, within limits of its own, and never again when it fails.
 */
export interface Shadowing {
  /** The copies that a call shall have; undefined: none. To be asked before the call is sent. */
  copiesOf(decision: Decision): Copies | undefined;
  /** Takes over the shadows of other routes; one of the same route and name keeps what it has found. */
  apply(routes: readonly RouteConfig[]): void;
  /** Sends no more copies, and ends those under way. */
  drain(): void;
  close(): Promise<void>;
  /** The last answers that differ, up to 20 of each shadow, newest first. */
  recent(): readonly ShadowSample[];
}

export function createShadowing({ routes, random = Math.random, ...options }: ShadowingOptions): Shadowing {
  const ended = new CallController();
  const comparer = createComparer(options.log);
  const parts: ShadowParts = { ...options, ended, comparer, spareTime: new SpareTime() };
  let byKey = new Map<string, Shadow>();
  let byConfig = new Map<ShadowConfig, Shadow>();

  const apply = (next: readonly RouteConfig[]): void => {
    const before = byKey;
    byKey = new Map();
    byConfig = new Map();
    for (const { name, shadows } of next) {
      for (const config of shadows) {
        const key = JSON.stringify([name, config.name]);
        const shadow = before.get(key) ?? new Shadow(name, config, parts);
        shadow.config = config;
        byKey.set(key, shadow);
        byConfig.set(config, shadow);
      }
    }
    for (const [key, shadow] of before) if (!byKey.has(key)) shadow.forget();
  };
  apply(routes);

  /** With a sticky key the same requests are copied each time, whichever arm they have. */
  const isChosen = ({ labels: { route, target }, config: { percent } }: Shadow, key: string | undefined): boolean => {
    if (percent === 100) return true;
    return isPartOf(key === undefined ? random() : uniform(`${route}\0shadow\0${target}\0${key}`), percent);
  };

  return {
    copiesOf({ call, route, key }) {
      let bytes: number | undefined;
      const open: Shadow[] = [];
      for (const config of route.config.shadows) {
        const shadow = byConfig.get(config);
        if (shadow === undefined || !isChosen(shadow, key)) continue;
        bytes ??= bytesOf(call.body);
        // What is no message is refused to its caller, and to nobody else.
        if (bytes === undefined) return undefined;
        if (shadow.hasRoom(bytes)) open.push(shadow);
        else shadow.drop();
      }
      const body = open.length === 0 ? undefined : call.body.copy?.();
      if (bytes === undefined || body === undefined) return undefined;
      const { method, spec, header, client } = call;
      const copied: CopiedCall = { method, spec, header, client, body, key, bytes };
      return new Copies(copied, open);
    },
    apply,
    drain: () => ended.abort(),
    async close() {
      ended.abort();
      await comparer.close();
    },
    recent: () => newestFirst([...byKey.values()].flatMap((shadow) => shadow.recent())),
  };
}

/** Undefined for what cannot be read. */
function bytesOf(body: CallBody): number | undefined {
  try {
    return byteLengthOf(body.inputBytes?.() ?? []);
  } catch (thrown) {
    if (thrown instanceof InferenceError) return undefined;
    throw thrown;
  }
}
