import { availableParallelism } from "node:os";
import type { z } from "zod";
import { scalar, section } from "./scalar.ts";

/** `gateway:` — the processes that serve the ports. Needs a restart. */
export interface GatewayConfig {
  readonly processes: number;
}

const MAX_PROCESSES = 256;

function processes(): z.ZodType<number> {
  const shape = { anyOf: [{ type: "integer", minimum: 1, maximum: MAX_PROCESSES }, { enum: ["auto"] }] };
  return scalar(`a number of processes from 1 to ${MAX_PROCESSES}, or auto`, shape, (value) => {
    if (value === "auto") return availableParallelism();
    const isCount = typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_PROCESSES;
    return isCount ? value : undefined;
  });
}

export const gatewaySchema: z.ZodType<GatewayConfig> = section({
  processes: processes()
    .prefault(1)
    .describe("How many processes share the ports, in front of the same workers; auto: one for each core."),
});
