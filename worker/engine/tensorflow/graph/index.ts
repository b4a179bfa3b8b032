export { effectsOf } from "./effects.ts";
export { readGraph } from "./graph-def.ts";
export { type OpList, readOpList } from "./op-list.ts";
