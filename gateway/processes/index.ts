export { memberMain } from "./member.ts";
export { type RunningGateway, startProcesses } from "./primary.ts";
