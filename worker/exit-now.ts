import koffi from "koffi";

/**
 * Ends this process without waiting for anything. `process.exit` joins libuv's threads first, so that a native run that
 * takes a minute would keep a worker for that minute after its gateway is gone; `_exit` (POSIX) does not.
 */
export function exitNow(code: number): never {
  try {
    koffi.load(null).func("void _exit(int)")(code);
  } catch {
    // No such function here: the one end that nothing delays.
    process.kill(process.pid, "SIGKILL");
  }
  throw new Error("the process has outlived its end");
}
