import { readdirSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";

/** What TensorFlow opens by name when it meets a GPU; the parts of cuDNN are found by cuDNN itself. */
const WANTED = /^lib(cudart|cublasLt|cublas|cufft|curand|nvJitLink|cusparse|cusolver|cudnn|nccl|cupti)\.so\.\d+$/;

/**
 * Loads the CUDA libraries from these folders, so that TensorFlow's `dlopen("libcudart.so.12")` finds them already there: the loader's own
 * search path can only be set before a process starts. One that fails is left out; TensorFlow then says which it lacks.
 */
export function preloadCuda(folders: readonly string[]): void {
  for (const folder of folders) {
    for (const file of readdirSync(folder)) {
      if (!WANTED.test(file)) continue;
      try {
        koffi.load(join(folder, file), { global: true, lazy: true });
      } catch {
        // Needs a library that comes later or not at all.
      }
    }
  }
}
