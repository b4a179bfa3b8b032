// Loaded into a process by `--import`: SIGUSR2 has it say, as a line of its log, what it holds once all garbage is gone.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

process.on("SIGUSR2", () => {
  collect();
  // What finalizers have let go of is garbage by then.
  setTimeout(() => {
    collect();
    const resources = {};
    for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    process.stderr.write(`${JSON.stringify({ msg: "memory", heapUsed, arrayBuffers, resources, listeners })}\n`);
  }, 100);
});
