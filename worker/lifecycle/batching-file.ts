import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, parseBatchingFile } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";

const NAME = "batching_params.pbtxt";

/**
 * The text of the file beside a version's saved model that says how its calls are joined; "" where there is none. Where it
 * `counts`, one that cannot be used fails the load, as in `batching_util.cc`.
 */
export async function readBatchingFile(directory: string, counts: boolean): Promise<string> {
  const file = join(directory, NAME);
  try {
    const text = await readFile(file, "utf8");
    if (counts) parseBatchingFile(text, file);
    return text;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT" || !counts) return "";
    const message = thrown instanceof ConfigError ? thrown.message : `${file}: ${(thrown as Error).message}`;
    throw new InferenceError("INVALID_ARGUMENT", message, { origin: "worker", cause: thrown });
  }
}
