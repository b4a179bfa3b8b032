import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { type Job, perform } from "./jobs.ts";
import { failureReply, type Reply } from "./reply.ts";

/** The event loop, which all other requests wait for, and the workers go first. */
const NICENESS = 5;

const port = parentPort;
if (port === null) throw new Error("this is a thread of the gateway");
try {
  // On Linux it holds for the calling thread alone.
  if (process.platform === "linux") setPriority(NICENESS);
} catch {
  // Not allowed everywhere, and nothing depends on it.
}

port.on("message", (job: Job) => {
  try {
    const { result, moved } = perform(job);
    port.postMessage({ is: "done", result } satisfies Reply, [...moved]);
  } catch (thrown) {
    port.postMessage(failureReply(thrown));
  }
});
