export { type RunningWorker, runWorker } from "./run-worker.ts";
export { workerMain } from "./worker-main.ts";
