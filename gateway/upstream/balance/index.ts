export { type Balancer, createBalancer } from "./balancer.ts";
