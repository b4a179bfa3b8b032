import { availableParallelism } from "node:os";
import type { Logger } from "../../../core/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import type { Engine } from "../engine.ts";
import { estimateFromFiles } from "../estimate.ts";
import { openLibrary } from "./library.ts";
import { TensorFlowModel } from "./model.ts";
import { RunPool } from "./run-pool.ts";
import { openSession } from "./session.ts";
import { configProto, IN_CALLING_THREAD, type SessionSettings } from "./session-config.ts";

export type { SessionSettings };

/** libuv's own default, unless the environment said otherwise before the process started. */
const DEFAULT_POOL_THREADS = 4;

/**
 * The engine over TensorFlow's C API. Loads the library into this process, which takes about a second and lasts as long as the process.
 * Slow runs take all threads of libuv's pool but two (`UV_THREADPOOL_SIZE`; one at least): loads, files and name look-ups need them too.
 * Of one model as many run at a time as TensorFlow has threads across operations: more would take turns on these, operation by operation, and
 * each would find the processor's caches full of the other's data.
 */
export function createTensorFlowEngine(runtime: Runtime, settings: SessionSettings, log: Logger): Engine {
  const library = openLibrary(runtime);
  const threads = Number(process.env["UV_THREADPOOL_SIZE"]) || DEFAULT_POOL_THREADS;
  const pool = new RunPool(Math.max(1, threads - 2));
  const runsPerModel = settings.interOpThreads || availableParallelism();
  const inCallingThread = library.TF_NewBufferFromString(IN_CALLING_THREAD, IN_CALLING_THREAD.length);
  const config = configProto(settings);
  const models = new Set<TensorFlowModel>();
  log.debug({ folder: runtime.folder, version: library.version, threads }, "TensorFlow is loaded");
  return {
    description: `tensorflow ${library.version}`,
    estimateBytes: estimateFromFiles,
    async load(directory, { tags }) {
      const session = await openSession(library, directory, tags, config);
      const model = new TensorFlowModel({ library, pool, runsPerModel, inCallingThread }, session, () =>
        models.delete(model),
      );
      models.add(model);
      return model;
    },
    async close() {
      await Promise.all(Array.from(models, (model) => model.close()));
    },
  };
}
