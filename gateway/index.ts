export { Keeper } from "./control/index.ts";
export { type Gateway, type GatewayOptions, startGateway } from "./gateway.ts";
export { memberMain, type RunningGateway, startProcesses } from "./processes/index.ts";
export { createStateFolder } from "./state/index.ts";
export { type Launch, ownPlaces, type WorkerSlot } from "./upstream/index.ts";
