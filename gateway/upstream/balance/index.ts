export { type Balancer, createBalancer } from "./balancer.ts";
export { leastOfTwo } from "./least-of-two.ts";
export { NONE, type Picker } from "./policy.ts";
