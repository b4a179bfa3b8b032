export type { PlainRequest } from "./exchange.ts";
export { type HttpFront, standBefore } from "./front.ts";
export type { FrontOptions } from "./front-options.ts";
