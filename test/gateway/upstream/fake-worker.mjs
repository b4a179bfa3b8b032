// A worker process without a runtime: `node fake-worker.mjs SOCKET [MODE]`. Speaks WorkerControl and Predict on a Unix
// socket. Each wanted model has the versions that its base path ends with (`/any/1,2`). What a Predict message says, it
// does: `pid` answers with the process id, `hang` never answers, `die` ends the process, `stop` freezes it, anything else
// comes back. Modes: `deaf` stays when it is asked to end, `mute` never listens.
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const [socketPath, mode] = process.argv.slice(2);
const protos = fileURLToPath(new URL("../../../protos", import.meta.url));
const { tensorgate } = grpc.loadPackageDefinition(
  protoLoader.loadSync("tensorgate/v1/worker.proto", { includeDirs: [protos], longs: String, keepCase: true }),
);
const same = (bytes) => bytes;
const predict = {
  path: "/tensorflow.serving.PredictionService/Predict",
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

let generation = "0";
let models = [];
const watchers = new Set();
const reports = (complete) => ({ complete, models, generation, memory_bytes: "0" });

const server = new grpc.Server();
server.addService(tensorgate.v1.WorkerControl.service, {
  ApplyModels({ request }, reply) {
    generation = request.generation;
    models = request.models.map(({ name, base_path }) => ({
      name,
      discovered: true,
      versions: base_path
        .split("/")
        .at(-1)
        .split(",")
        .map((version) => ({ version, state: "AVAILABLE", status: { error_code: "OK" }, wanted: true })),
    }));
    reply(null, { generation });
    for (const watcher of watchers) watcher.write(reports(true));
  },
  Watch(call) {
    watchers.add(call);
    call.on("cancelled", () => watchers.delete(call));
    call.write(reports(true));
  },
});
server.addService(
  { Predict: predict },
  {
    Predict({ request }, reply) {
      const text = request.toString();
      if (text === "hang") return;
      if (text === "die") process.kill(process.pid, "SIGKILL");
      if (text === "stop") process.kill(process.pid, "SIGSTOP");
      reply(null, text === "pid" ? Buffer.from(String(process.pid)) : request);
    },
  },
);
if (mode !== "mute") {
  server.bindAsync(`unix:${socketPath}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
    process.send?.("listening");
  });
}
process.on("SIGTERM", () => mode === "deaf" || process.exit(0));
process.on("disconnect", () => process.exit(0));
setInterval(() => {}, 60_000);
