import { serialize } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import { yieldToOthers } from "../core/index.ts";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./load.ts";
import type { ParseJob, ParseReply } from "./parse-aside.ts";
import { ReferenceValues } from "./references.ts";

/** Items of a list that are handed over together: a few milliseconds for who takes them. */
const PIECE = 100;

const port = parentPort;
if (port === null) throw new Error("this is a thread of the gateway");

yieldToOthers();
const { source, models: known, kept, secrets } = workerData as ParseJob;
const references = new ReferenceValues(secrets);
const parsed = parse();
port.postMessage({ secrets: references.files, parsed } satisfies ParseReply);

function parse(): ParseReply["parsed"] {
  try {
    const { models, routes, ...others } = parseConfig(source, { models: known, references, kept: () => kept });
    return {
      is: "config",
      others,
      lists: { models: pieces(known === undefined ? models : []), routes: pieces(routes) },
    };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return { is: "refused", problems: thrown.problems };
    throw thrown;
  }
}

function pieces(items: readonly unknown[]): Uint8Array[] {
  const count = Math.ceil(items.length / PIECE);
  return Array.from({ length: count }, (_, i) => serialize(items.slice(i * PIECE, (i + 1) * PIECE)));
}
