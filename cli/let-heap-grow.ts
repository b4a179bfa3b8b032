import { setFlagsFromString } from "node:v8";

/** What V8 itself lets a heap grow by where it finds time to be short: to four times what was alive. */
const GROWING = "--heap-growing-percent=300";

/**
 * Has V8 mark the heap less often. It counts what sockets read with the heap, of which it knows no more than the size, and by
 * default marks a small heap anew for some 40 MB of that, time and again where large tensors pass through, which takes
 * longer than all that is done with them (`bench/grpc-large`). V8 looks at the flag at the end of each collection; limits of the heap stay what they are.
 */
export function letHeapGrow(): void {
  if (!process.execArgv.some((flag) => flag.startsWith("--heap-growing-percent"))) setFlagsFromString(GROWING);
}
