import { join } from "node:path";
import koffi, { type KoffiFunc, type LibraryHandle } from "koffi";
import type { Runtime } from "../../runtime/index.ts";
import { preloadCuda } from "./cuda.ts";

/** The address of something native; 0n is C's NULL, which koffi also gives as null. */
export type Pointer = bigint;

/** Memory that a native function reads or writes during the call: a typed array lends its own bytes, nothing is copied. */
type Memory = Pointer | ArrayBufferView;

/** The functions of `tensorflow/c/c_api.h` that this engine calls, with their C names. */
export interface Library {
  readonly version: string;
  readonly TF_NewStatus: KoffiFunc<() => Pointer>;
  readonly TF_DeleteStatus: KoffiFunc<(status: Pointer) => void>;
  readonly TF_GetCode: KoffiFunc<(status: Pointer) => number>;
  readonly TF_Message: KoffiFunc<(status: Pointer) => string>;
  readonly TF_NewBuffer: KoffiFunc<() => Pointer>;
  readonly TF_NewBufferFromString: KoffiFunc<(bytes: Uint8Array, length: number) => Pointer>;
  readonly TF_DeleteBuffer: KoffiFunc<(buffer: Pointer) => void>;
  readonly TF_NewSessionOptions: KoffiFunc<() => Pointer>;
  readonly TF_SetConfig: KoffiFunc<(options: Pointer, proto: Uint8Array, length: number, status: Pointer) => void>;
  readonly TF_DeleteSessionOptions: KoffiFunc<(options: Pointer) => void>;
  readonly TF_NewGraph: KoffiFunc<() => Pointer>;
  readonly TF_DeleteGraph: KoffiFunc<(graph: Pointer) => void>;
  readonly TF_LoadSessionFromSavedModel: KoffiFunc<
    (
      options: Pointer,
      runOptions: Pointer | null,
      directory: string,
      tags: readonly string[],
      tagCount: number,
      graph: Pointer,
      metaGraph: Pointer,
      status: Pointer,
    ) => Pointer | null
  >;
  readonly TF_GetAllOpList: KoffiFunc<() => Pointer>;
  readonly TF_CloseSession: KoffiFunc<(session: Pointer, status: Pointer) => void>;
  readonly TF_DeleteSession: KoffiFunc<(session: Pointer, status: Pointer) => void>;
  readonly TF_GraphOperationByName: KoffiFunc<(graph: Pointer, name: string) => Pointer | null>;
  readonly TF_OperationNumOutputs: KoffiFunc<(operation: Pointer) => number>;
  readonly TF_SessionRun: KoffiFunc<
    (
      session: Pointer,
      runOptions: Pointer | null,
      inputs: Memory,
      inputTensors: Memory,
      inputCount: number,
      outputs: Memory,
      outputTensors: Memory,
      outputCount: number,
      targets: null,
      targetCount: number,
      runMetadata: null,
      status: Pointer,
    ) => void
  >;
  readonly TF_AllocateTensor: KoffiFunc<
    (dtype: number, dims: BigInt64Array, rank: number, bytes: number) => Pointer | null
  >;
  readonly TF_DeleteTensor: KoffiFunc<(tensor: Pointer) => void>;
  readonly TF_TensorType: KoffiFunc<(tensor: Pointer) => number>;
  readonly TF_NumDims: KoffiFunc<(tensor: Pointer) => number>;
  readonly TF_Dim: KoffiFunc<(tensor: Pointer, index: number) => number | bigint>;
  readonly TF_TensorByteSize: KoffiFunc<(tensor: Pointer) => number>;
  readonly TF_TensorData: KoffiFunc<(tensor: Pointer) => Pointer | null>;
  readonly memcpy: KoffiFunc<(to: Memory, from: Memory, bytes: number) => void>;
  /** Gives freed heap pages back to the system; only glibc has it. */
  readonly malloc_trim: KoffiFunc<(keepBytes: number) => number> | undefined;
}

const DECLARATIONS = {
  TF_NewStatus: "void *TF_NewStatus()",
  TF_DeleteStatus: "void TF_DeleteStatus(void *status)",
  TF_GetCode: "int TF_GetCode(void *status)",
  TF_Message: "const char *TF_Message(void *status)",
  TF_NewBuffer: "void *TF_NewBuffer()",
  TF_NewBufferFromString: "void *TF_NewBufferFromString(void *bytes, size_t length)",
  TF_DeleteBuffer: "void TF_DeleteBuffer(void *buffer)",
  TF_NewSessionOptions: "void *TF_NewSessionOptions()",
  TF_SetConfig: "void TF_SetConfig(void *options, void *proto, size_t length, void *status)",
  TF_DeleteSessionOptions: "void TF_DeleteSessionOptions(void *options)",
  TF_NewGraph: "void *TF_NewGraph()",
  TF_DeleteGraph: "void TF_DeleteGraph(void *graph)",
  TF_LoadSessionFromSavedModel:
    "void *TF_LoadSessionFromSavedModel(void *options, void *run_options, const char *dir, const char **tags, int ntags, void *graph, void *meta_graph, void *status)",
  TF_GetAllOpList: "void *TF_GetAllOpList()",
  TF_CloseSession: "void TF_CloseSession(void *session, void *status)",
  TF_DeleteSession: "void TF_DeleteSession(void *session, void *status)",
  TF_GraphOperationByName: "void *TF_GraphOperationByName(void *graph, const char *name)",
  TF_OperationNumOutputs: "int TF_OperationNumOutputs(void *operation)",
  TF_SessionRun:
    "void TF_SessionRun(void *session, void *run_options, void *inputs, void *input_values, int ninputs, void *outputs, void *output_values, int noutputs, void *targets, int ntargets, void *run_metadata, void *status)",
  TF_AllocateTensor: "void *TF_AllocateTensor(int dtype, void *dims, int ndims, size_t length)",
  TF_DeleteTensor: "void TF_DeleteTensor(void *tensor)",
  TF_TensorType: "int TF_TensorType(void *tensor)",
  TF_NumDims: "int TF_NumDims(void *tensor)",
  TF_Dim: "int64_t TF_Dim(void *tensor, int index)",
  TF_TensorByteSize: "size_t TF_TensorByteSize(void *tensor)",
  TF_TensorData: "void *TF_TensorData(void *tensor)",
  memcpy: "void memcpy(void *to, void *from, size_t bytes)",
} as const;

const opened = new Map<string, Library>();

/** koffi calls on stacks of its own, by default far smaller than the 8 MiB that TensorFlow is used to (a load optimises the graph recursively). */
const STACK_BYTES = 8 * 2 ** 20;
const RTLD_LAZY = 1;

/**
 * Loads the two shared objects of a runtime into this process, once. Blocks for up to a second. Throws an Error that names the file.
 */
export function openLibrary(runtime: Runtime): Library {
  const path = join(runtime.folder, runtime.mainFile);
  const known = opened.get(path);
  if (known !== undefined) return known;
  // Read once, as TensorFlow loads: errors only. Its warnings repeat what a failed call answers anyway, once a call.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  if (opened.size === 0) koffi.config({ sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
  preloadCuda(runtime.extraLibraryPaths);
  // The main library resolves its symbols against the framework library, hence global.
  load(join(runtime.folder, runtime.frameworkFile), { global: true, lazy: true });
  const handle = load(path, { lazy: true });
  // koffi unloads its libraries as the process ends, but what TensorFlow has left to run at exit must still be there: hold it once more.
  handle.func("void *dlopen(const char *path, int flags)")(path, RTLD_LAZY);
  const library = bind(handle);
  opened.set(path, library);
  return library;
}

/** koffi's own message does not always name the file. */
function load(path: string, options: Parameters<typeof koffi.load>[1]): LibraryHandle {
  try {
    return koffi.load(path, options);
  } catch (cause) {
    throw new Error(`${path} cannot be loaded: ${(cause as Error).message}`, { cause });
  }
}

function bind(handle: LibraryHandle): Library {
  const functions: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(DECLARATIONS)) functions[name] = handle.func(declaration);
  const version = handle.func("const char *TF_Version()")() as string;
  return { ...(functions as unknown as Library), version, malloc_trim: trimmer(handle) };
}

function trimmer(handle: LibraryHandle): Library["malloc_trim"] {
  try {
    return handle.func("int malloc_trim(size_t keep)");
  } catch {
    return undefined; // not glibc
  }
}
