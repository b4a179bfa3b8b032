export type { PassEdge } from "./edge.ts";
export { createPassThrough, type PassThrough } from "./pass-through.ts";
export type { PassRoute } from "./table.ts";
