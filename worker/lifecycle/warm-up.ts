import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InferenceError } from "../../core/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { WarmUp } from "./load-version.ts";
import { tfRecords } from "./tf-record.ts";

/** Where a version keeps its warm-up requests, as TensorFlow Serving has it. */
const FILE = join("assets.extra", "tf_serving_warmup_requests");
const MAX_RECORDS = 1000;

/** Runs one serialized `tensorflow.serving.PredictionLog` against a model; rejects when the call fails. */
export type ReplayRecord = (model: LoadedModel, predictionLog: Buffer) => Promise<void>;

/**
 * A warm-up that replays the version's own file, `iterations` times; a version without one is ready at once. Any failing
 * record fails the load: a model that cannot answer its own sample requests is broken.
 */
export function warmUpFromFile(iterations: number, replay: ReplayRecord): WarmUp {
  return async ({ directory, model }) => {
    const path = join(directory, FILE);
    const file = await readFileIfThere(path);
    if (file === undefined) return 0;
    let replayed = 0;
    for (let round = 0; round < Math.max(1, iterations); round++) {
      let count = 0;
      for (const record of tfRecords(file)) {
        count++;
        if (count > MAX_RECORDS) {
          throw new InferenceError(
            "INVALID_ARGUMENT",
            `Number of warmup records exceeds the maximum (${MAX_RECORDS}) at ${path}`,
          );
        }
        await replayNamed(replay, model, record, count);
        replayed++;
      }
    }
    return replayed;
  };
}

/** The first records of a version's warm-up file, as far as they are sound; none of a file of more than `maxBytes`. */
export async function warmUpRecords(directory: string, maxRecords: number, maxBytes: number): Promise<Buffer[]> {
  const path = join(directory, FILE);
  const records: Buffer[] = [];
  try {
    if ((await stat(path)).size > maxBytes) return [];
    for (const record of tfRecords(await readFile(path))) {
      if (records.length === maxRecords) break;
      records.push(record);
    }
  } catch {
    // There is no such file, or it is cut off: what has been read is what there is.
  }
  return records;
}

async function replayNamed(replay: ReplayRecord, model: LoadedModel, record: Buffer, count: number): Promise<void> {
  try {
    await replay(model, record);
  } catch (thrown) {
    const { code, message, origin } = InferenceError.from(thrown, "worker");
    throw new InferenceError(code, `warm-up record ${count} failed: ${message}`, { origin, cause: thrown });
  }
}

async function readFileIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ENOTDIR"))
      return undefined;
    throw thrown;
  }
}
