export { memberMain } from "./member.ts";
export { startProcesses } from "./primary.ts";
