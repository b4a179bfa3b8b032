export type { Copies } from "./copies.ts";
export { newestFirst, type ShadowSample } from "./samples.ts";
export { createShadowing, type Shadowing } from "./shadowing.ts";
