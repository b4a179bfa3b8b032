import { isIP, isIPv4, isIPv6 } from "node:net";
import type { z } from "zod";
import { scalar } from "./scalar.ts";

const ADDRESS = /^(\[[0-9a-f:.]+\]|[^:/\s]+):(\d{1,5})$/i;
const MAX_PORT = 65_535;

/** A name or address and a port, as gRPC takes it. */
export function endpointAddress(): z.ZodType<string> {
  return scalar("an address like worker-1:8500", { type: "string", pattern: "^.+:[0-9]+$" }, (value) =>
    typeof value === "string" && isPort(ADDRESS.exec(value)?.[2]) ? value : undefined,
  );
}

/** An address, of whichever kind, and a port, or the address alone. */
export function serverAddress(): z.ZodType<string> {
  return scalar("an address like 10.0.0.2 or 127.0.0.1:8600", { type: "string" }, (value) => {
    if (typeof value !== "string") return undefined;
    if (isIP(value) !== 0) return value;
    const [, bracketed, plain = "", port] = /^(?:\[(.*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? [];
    const isAddress = bracketed === undefined ? isIPv4(plain) : isIPv6(bracketed);
    return isAddress && isPort(port) ? value : undefined;
  });
}

function isPort(digits: string | undefined): boolean {
  return Number(digits) > 0 && Number(digits) <= MAX_PORT;
}
