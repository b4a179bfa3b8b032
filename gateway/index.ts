export { clientAsked } from "./admission/index.ts";
export type { Servable } from "./call.ts";
export { Keeper } from "./control/index.ts";
export { startGateway } from "./gateway.ts";
export { memberMain, startProcesses } from "./processes/index.ts";
export { atFirstStep } from "./ramps/index.ts";
export {
  type Availability,
  compileRoutes,
  describeExplanation,
  type Explanation,
  explain,
  explainQuery,
  inputKey,
  queryToUrl,
  UNKNOWN_VERSION,
  type WrittenQuery,
} from "./routing/index.ts";
export { createStateFolder } from "./state/index.ts";
export { type Launch, modelsByPool, ownPlaces } from "./upstream/index.ts";
