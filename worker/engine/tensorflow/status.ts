import { InferenceError, type Origin, statusCodeName } from "../../../core/index.ts";
import type { Library, Pointer } from "./library.ts";

/** Calls a function that reports through a TF_Status, and throws what it reports: TensorFlow's own code and message. */
export function withStatus<T>(library: Library, call: (status: Pointer) => T): T {
  const status = library.TF_NewStatus();
  try {
    const answer = call(status);
    throwUnlessOk(library, status);
    return answer;
  } finally {
    library.TF_DeleteStatus(status);
  }
}

/** The blame follows the code: a bad argument is the client's, whatever breaks inside is the worker's. */
export function throwUnlessOk(library: Library, status: Pointer, origin?: Origin): void {
  const number = library.TF_GetCode(status);
  if (number === 0) return;
  const name = statusCodeName(number);
  const code = name === "OK" ? "UNKNOWN" : name;
  const blamed = origin ?? new InferenceError(code, "").origin;
  throw new InferenceError(code, library.TF_Message(status), { origin: blamed === "client" ? "client" : "worker" });
}
