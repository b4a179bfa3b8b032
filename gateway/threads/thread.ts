import { parentPort } from "node:worker_threads";
import { yieldToOthers } from "../../core/index.ts";
import { type Job, perform } from "./jobs.ts";
import { failureReply, type Reply } from "./reply.ts";

const port = parentPort;
if (port === null) throw new Error("this is a thread of the gateway");
yieldToOthers();

port.on("message", (job: Job) => {
  try {
    const { result, moved } = perform(job);
    port.postMessage({ is: "done", result } satisfies Reply, [...moved]);
  } catch (thrown) {
    port.postMessage(failureReply(thrown));
  }
});
