import type { Breaker } from "./breaker.ts";
import type { Members } from "./members.ts";
import { residentBytes } from "./process-memory.ts";
import type { WorkerFacts } from "./supervisor.ts";

/** One place of the local pool, for metrics and status. */
export interface PoolWorker {
  readonly name: string;
  /** Undefined between two processes. */
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Connected and reporting. */
  readonly ready: boolean;
  /** Undefined between two processes. */
  readonly breaker: Breaker["state"] | undefined;
  readonly inFlight: number;
  /** Of the process; undefined when there is none on this machine. */
  readonly residentBytes: number | undefined;
  /** What its loaded versions are estimated to take. */
  readonly modelBytes: number;
}

/** What is known of the worker of a name. */
export async function poolWorker(
  members: Members,
  { name, pid, restarts }: Pick<WorkerFacts, "pid" | "restarts"> & { readonly name: string },
): Promise<PoolWorker> {
  const endpoint = members.get(name)?.endpoint;
  return {
    name,
    pid,
    restarts,
    ready: endpoint?.ready ?? false,
    breaker: endpoint?.breakerState,
    inFlight: endpoint?.inFlight ?? 0,
    residentBytes: pid === undefined ? undefined : await residentBytes(pid),
    modelBytes: endpoint === undefined ? 0 : members.registry.memoryBytesOf(endpoint),
  };
}
