import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { deserialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { ConfigError, type Problem } from "./config-error.ts";
import { digestOf } from "./digest.ts";
import { type ParseOptions, parseConfig } from "./load.ts";
import { ReferenceValues } from "./references.ts";
import type { Config } from "./schema/config.ts";
import type { ModelConfig } from "./schema/models.ts";
import type { ConfigSource, FileRead } from "./source.ts";

/** What a thread is to parse. */
export interface ParseJob {
  readonly source: ConfigSource;
  readonly models: readonly ModelConfig[] | undefined;
  readonly kept: readonly ModelConfig[];
  readonly secrets: readonly FileRead[];
}

/** What it answers; of the configuration, long lists in pieces that are serialized one by one. */
export interface ParseReply {
  /** All that references have named. */
  readonly secrets: readonly FileRead[];
  readonly parsed:
    | { readonly is: "config"; readonly others: Omit<Config, LongList>; readonly lists: Record<LongList, Uint8Array[]> }
    | { readonly is: "refused"; readonly problems: readonly Problem[] };
}

export const LONG_LISTS = ["models", "routes"] as const;
export type LongList = (typeof LONG_LISTS)[number];

/** A kilobyte takes about a millisecond to parse. */
const LONG_BYTES = 32 * 1024;

/**
 * As {@link parseConfig}, while requests are served: a long text is parsed in a thread, and what comes back is taken piece by piece.
 * Models and routes that are as they were `before` are the same objects.
 */
export async function parseAside(source: ConfigSource, options: ParseOptions, before: Config): Promise<Config> {
  if (lengthOf(source) < LONG_BYTES) return parseConfig(source, options);
  const { models, references = new ReferenceValues() } = options;
  const { secrets, parsed } = await inThread({
    source,
    models,
    // Another state folder acts at the next start.
    kept: options.kept?.(before.state.folder) ?? [],
    secrets: references.known,
  });
  for (const read of secrets) references.remember(read);
  if (parsed.is === "refused") throw new ConfigError(parsed.problems);
  const { others, lists } = parsed;
  return {
    ...others,
    // What all models have in common is compared by who it is, as they are.
    batching: isDeepStrictEqual(others.batching, before.batching) ? before.batching : others.batching,
    models: models ?? (await joined(lists.models, before.models)),
    routes: await joined(lists.routes, before.routes),
  };
}

function lengthOf({ files }: ConfigSource): number {
  return files.reduce((sum, read) => sum + ("text" in read ? read.text.length : 0), 0);
}

async function joined<T extends { readonly name: string }>(
  pieces: readonly Uint8Array[],
  before: readonly T[],
): Promise<T[]> {
  const known = new Map(before.map((item) => [item.name, item]));
  const all: T[] = [];
  for (const piece of pieces) {
    for (const item of deserialize(piece) as T[]) {
      const same = known.get(item.name);
      const taken = same !== undefined && isDeepStrictEqual(same, item) ? same : item;
      // The fingerprint of the whole is made of these.
      digestOf(taken);
      all.push(taken);
    }
    await nextTurn();
  }
  return all;
}

/** A thread that ends before it answers is a fault of the configuration: the one that holds stays. */
async function inThread(job: ParseJob): Promise<ParseReply> {
  const script = fileURLToPath(import.meta.resolve("#asset/dist/config/parse-thread.js"));
  const thread = new Worker(script, { workerData: job });
  try {
    return await new Promise<ParseReply>((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new ConfigError([{ file: job.source.path, path: "", message: `cannot be parsed: ${why}` }]));
      thread.once("message", resolve);
      thread.once("error", (error) => fail(error.message));
      thread.once("exit", () => fail("the thread has ended"));
    });
  } finally {
    await thread.terminate();
  }
}
