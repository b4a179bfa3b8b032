import { batchingOf } from "./batching-parameters.ts";
import { ConfigError } from "./config-error.ts";
import type { BatchingConfig } from "./schema/batching.ts";
import { parseBatchingFile } from "./text-files.ts";

/** The bounds that come with a version, with what is `common` to all; "off" where the text is wrong. */
export function batchingOfText(text: string, { maxInFlight, tolerance }: BatchingConfig): BatchingConfig | "off" {
  try {
    return { ...batchingOf(parseBatchingFile(text, "")), maxInFlight, tolerance };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return "off";
    throw thrown;
  }
}
