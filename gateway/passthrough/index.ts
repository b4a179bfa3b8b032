export type { OwnAnswer, PassEdge } from "./edge.ts";
export { createPassThrough, type PassThrough, type PassThroughOptions } from "./pass-through.ts";
export type { PassRoute } from "./table.ts";
