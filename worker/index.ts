export type { WantedModel } from "./lifecycle/index.ts";
export { type RunningWorker, type RunWorkerOptions, runWorker } from "./run-worker.ts";
export { type ListeningMessage, type WorkerMainOptions, workerMain } from "./worker-main.ts";
