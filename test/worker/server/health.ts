import type { Client, MethodDefinition } from "@grpc/grpc-js";
import { service } from "grpc-health-check";
import type { Served } from "./served.ts";

type Check = MethodDefinition<{ service: string }, { status: string }>;
export const check = service["Check"] as unknown as Check;
const watch = service["Watch"] as unknown as Check;

export async function health(served: Served, name = ""): Promise<string> {
  return (await served.call(check, { service: name })).status;
}

/** Resolves once the whole worker says SERVING. */
export function serving(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = watch;
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: "" });
    stream.on("data", ({ status }: { status: string }) => {
      if (status !== "SERVING") return;
      stream.cancel();
      resolve();
    });
    stream.on("error", reject);
  });
}
