import type { z } from "zod";
import { scalar } from "./scalar.ts";

const ADDRESS = /^(\[[0-9a-f:.]+\]|[^:/\s]+):\d{1,5}$/i;

/** A name or address and a port, as gRPC takes it. */
export function endpointAddress(): z.ZodType<string> {
  return scalar("an address like worker-1:8500", { type: "string", pattern: "^.+:[0-9]+$" }, (value) =>
    typeof value === "string" && ADDRESS.test(value) ? value : undefined,
  );
}
