export type { AnswerHeaders } from "./answer-head.ts";
export type { PlainRequest } from "./exchange.ts";
export { type HttpFront, standBefore } from "./front.ts";
export type { FrontOptions, FrontTimeouts } from "./front-options.ts";
export type { Head } from "./head.ts";
