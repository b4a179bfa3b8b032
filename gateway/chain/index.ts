export { runChain } from "./run-chain.ts";
