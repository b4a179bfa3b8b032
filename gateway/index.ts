export { type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";
export type { Launch, WorkerSlot } from "./upstream/index.ts";
