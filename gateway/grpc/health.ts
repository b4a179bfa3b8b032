import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import { packageDefinition } from "../../protos/index.ts";

const SERVICES = ["tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"] as const;

/** The whole server, each service by its full name, and the bare names that TensorFlow Serving's health service has. */
const CHECKED = ["", ...SERVICES, "PredictionService", "ModelService"];

/** Adds `grpc.health.v1` and reflection. What comes back tells the health service, at first NOT_SERVING, of a change. */
export function addHealthAndReflection(server: Server): (serving: boolean) => void {
  const health = new HealthImplementation(Object.fromEntries(CHECKED.map((name) => [name, "NOT_SERVING"] as const)));
  health.addToServer(server);
  new ReflectionService(packageDefinition(), { services: [...SERVICES, "grpc.health.v1.Health"] }).addToServer(server);
  let known = false;
  return (serving) => {
    if (serving === known) return;
    known = serving;
    for (const name of CHECKED) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
  };
}
