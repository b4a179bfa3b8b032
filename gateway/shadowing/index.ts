export type { Copies } from "./copies.ts";
export type { ShadowSample } from "./samples.ts";
export { createShadowing, type Shadowing } from "./shadowing.ts";
