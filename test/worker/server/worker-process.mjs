// A worker as a process of its own, told by WORKER what to do: {grpc: {port, socketPath}, models: [{name, path}]}. With the
// argument `parent` it is a process that starts such a worker as its child and tells its pid.
import { fork } from "node:child_process";
import { defaultConfig, workerSettingsOf } from "../../../dist/config/index.js";
import { workerMain } from "../../../dist/worker/index.js";

if (process.argv[2] === "parent") {
  const child = fork(import.meta.filename, { stdio: "inherit" });
  child.once("message", ({ address }) => process.send({ pid: child.pid, address }));
} else {
  const { grpc, models } = JSON.parse(process.env.WORKER);
  const settings = { ...workerSettingsOf(defaultConfig()), host: "127.0.0.1" };
  process.exitCode = await workerMain({
    settings: { ...settings, grpc: { ...settings.grpc, port: undefined, ...grpc } },
    models: models.map((model) => ({ ...model, versions: { by: "all" }, labels: new Map(), tags: undefined, retry: true })),
  });
}
