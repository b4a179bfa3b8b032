/** A TensorFlow library on this machine's disk. Any number of processes may use it at the same time. */
export interface Runtime {
  /** Holds both shared objects. */
  readonly folder: string;
  /** `libtensorflow_framework.so.2`; loaded first. */
  readonly frameworkFile: string;
  /** `libtensorflow_cc.so.2`: the C API. */
  readonly mainFile: string;
  /** `2.21.0`, or "unknown" for a bare folder of libraries. */
  readonly version: string;
  readonly origin: "env" | "cache" | "python" | "download";
  /** Folders with the CUDA libraries that came from Python packages; empty without a GPU. */
  readonly extraLibraryPaths: readonly string[];
}

/** No library could be had; the message tells a person what to do. */
export class NoRuntimeError extends Error {
  override readonly name = "NoRuntimeError";
}
