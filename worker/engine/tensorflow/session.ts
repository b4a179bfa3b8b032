import { access } from "node:fs/promises";
import { join } from "node:path";
import koffi from "koffi";
import { InferenceError } from "../../../core/index.ts";
import { parseSignatureDefMap, restoresVariables, type Signatures, signatureDefMapOf } from "../../../tensor/index.ts";
import type { Effect } from "../engine.ts";
import { effectsOf, type OpList, readGraph, readOpList } from "./graph/index.ts";
import type { Library, Pointer } from "./library.ts";
import { throwUnlessOk, withStatus } from "./status.ts";

/** A restored and initialised MetaGraph. The owner closes it with {@link closeSession}. */
export interface Session {
  readonly graph: Pointer;
  readonly session: Pointer;
  readonly signatures: Signatures;
  readonly signatureDefMap: Uint8Array;
  /** See `LoadedModel`. */
  readonly effects: ReadonlyMap<string, Effect>;
}

/**
 * Loads a SavedModel on a thread of libuv's pool. TensorFlow reads `saved_model.pb` or `.pbtxt`, picks the MetaGraph with exactly these
 * tags, restores the variables and runs the init op with the assets fed. Throws its code and message.
 */
export async function openSession(
  library: Library,
  directory: string,
  tags: readonly string[],
  config: Uint8Array,
): Promise<Session> {
  const status = library.TF_NewStatus();
  const options = library.TF_NewSessionOptions();
  const metaGraph = library.TF_NewBuffer();
  const graph = library.TF_NewGraph();
  let session: Pointer | undefined;
  try {
    library.TF_SetConfig(options, config, config.length, status);
    throwUnlessOk(library, status, "worker");
    const missing = await missingVariables(directory);
    session = await load(library, [options, null, directory, tags, tags.length, graph, metaGraph, status]);
    throwUnlessOk(library, status, "worker");
    if (session === undefined) throw new Error("TensorFlow gave neither a session nor an error");
    if (missing !== undefined && restoresVariables(bytesOf(library, metaGraph))) throw missing;
    const signatureDefMap = signatureDefMapOf(bytesOf(library, metaGraph)).slice();
    const signatures = parseSignatureDefMap(signatureDefMap);
    const effects = effectsOf(await readGraph(bytesOf(library, metaGraph)), opList(library), signatures);
    return { graph, session, signatures, signatureDefMap, effects };
  } catch (error) {
    if (session !== undefined) await deleteSession(library, session);
    library.TF_DeleteGraph(graph);
    throw error;
  } finally {
    library.TF_DeleteBuffer(metaGraph);
    library.TF_DeleteSessionOptions(options);
    library.TF_DeleteStatus(status);
  }
}

/**
 * TensorFlow loads a model whose variables are missing as one that has none (`RestoreSession` in
 * `cc/saved_model/loader.cc`), and each of its runs then fails on a value that is not initialized. Such is a folder that is
 * still being copied: it must not take the place of a version that answers. To be asked before the load: behind it they may
 * have come too late for TensorFlow.
 */
async function missingVariables(directory: string): Promise<InferenceError | undefined> {
  const index = join("variables", "variables.index");
  try {
    await access(join(directory, index));
    return undefined;
  } catch (cause) {
    const message = `the model has variables, but there is no ${index} in ${directory}`;
    return new InferenceError("NOT_FOUND", message, { origin: "worker", cause });
  }
}

const opLists = new WeakMap<Library, OpList>();

/** The ops that the library has. */
function opList(library: Library): OpList {
  let list = opLists.get(library);
  if (list === undefined) {
    const buffer = library.TF_GetAllOpList();
    list = readOpList(bytesOf(library, buffer));
    library.TF_DeleteBuffer(buffer);
    opLists.set(library, list);
  }
  return list;
}

/** Frees the session and its graph, and gives the memory back to the system where the C library can. No run may be under way. */
export async function closeSession(library: Library, session: Session): Promise<void> {
  await deleteSession(library, session.session);
  library.TF_DeleteGraph(session.graph);
  const trim = library.malloc_trim;
  if (trim !== undefined) await new Promise<void>((resolve) => trim.async(0, () => resolve()));
}

function load(
  library: Library,
  args: Parameters<Library["TF_LoadSessionFromSavedModel"]>,
): Promise<Pointer | undefined> {
  return new Promise((resolve, reject) => {
    library.TF_LoadSessionFromSavedModel.async(...args, (error: Error | null, session) => {
      if (error !== null) reject(error);
      else resolve(session ?? undefined);
    });
  });
}

/** Off the event loop: freeing gigabytes of variables takes a while. Its status tells nothing that could be acted on. */
function deleteSession(library: Library, session: Pointer): Promise<void> {
  withStatus(library, (status) => library.TF_CloseSession(session, status));
  const status = library.TF_NewStatus();
  return new Promise((resolve) => {
    library.TF_DeleteSession.async(session, status, () => {
      library.TF_DeleteStatus(status);
      resolve();
    });
  });
}

/** The bytes of a TF_Buffer, as a view: valid until the buffer is deleted. */
function bytesOf(library: Library, buffer: Pointer): Uint8Array {
  const head = new BigUint64Array(new ArrayBuffer(16)); // {const void *data; size_t length; ...}
  library.memcpy(head, buffer, 16);
  const [data = 0n, length = 0n] = head;
  return length === 0n ? new Uint8Array(0) : new Uint8Array(koffi.view(data, Number(length)));
}
