import type { Client } from "@grpc/grpc-js";
import type { Logger } from "../../core/index.ts";
import type { ApplyModelsRequest, WatchResponse } from "../../protos/index.ts";

/** Finds out what an endpoint serves, for as long as that is asked of it. The creator closes it. */
export interface EndpointWatch {
  open(): void;
  /** The models that matter from now on. */
  apply(wanted: ApplyModelsRequest): void;
  /** The endpoint has seemed to be gone: finds out anew. */
  recheck(): void;
  /** The endpoint has answered that it no longer has a version. */
  unloaded(): void;
  close(): void;
}

export interface WatchOptions {
  readonly client: Client;
  readonly log: Logger;
  /**
   * What has been found out. The first after each connect is complete, and proves that the endpoint is there. `peer`: what
   * `client` is connected to, in gRPC's syntax, where calls are to follow it there.
   */
  readonly onReport: (response: WatchResponse, peer?: string) => void;
  /** Until the next report nothing is known about the endpoint. `reason`: for people. */
  readonly onLost: (reason: string) => void;
}
