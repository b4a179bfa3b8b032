export { cloudPathProblem } from "./base-path.ts";
export { batchingByModel } from "./batching-by-model.ts";
export { batchingOfText } from "./batching-of-text.ts";
export { type CheckedProblem, checkSettings } from "./check/check-settings.ts";
export { type CheckFinding, checkInTurns, modelOf, targetsOf, versionOf } from "./check/index.ts";
export { ConfigError, renderPath, renderProblem } from "./config-error.ts";
export { digestOf } from "./digest.ts";
export { flagHelp } from "./flags/help.ts";
export { parseFlags } from "./flags/parse.ts";
export { KEPT_MODELS, type KeptModels, keptModels, type UnusableModel } from "./kept-models.ts";
export { parseConfigText } from "./load.ts";
export { serverConfigToModels, versionLabelsOf, versionPolicyOf } from "./model-server-config.ts";
export { parseModelText } from "./model-text.ts";
export { didYouMean } from "./nearest.ts";
export { placeProblem } from "./place-problem.ts";
export { plainConfig } from "./plain-config.ts";
export { checkReloadedLabels } from "./reload-labels.ts";
export { neededByRoute } from "./route-needs.ts";
export type { AdminConfig } from "./schema/admin.ts";
export type { BatchingConfig, Tolerance } from "./schema/batching.ts";
export type { ChainStep } from "./schema/chain.ts";
export type { ClientConfig } from "./schema/clients.ts";
export type { CompatibilityConfig } from "./schema/compatibility.ts";
export type { Config } from "./schema/config.ts";
export { DEFAULT_FALLBACK_CODES } from "./schema/fallback.ts";
export { HTTP_METHODS, type HttpArm, type HttpConfig, isSecure, OWN_PATHS } from "./schema/http.ts";
export type { UpstreamTls } from "./schema/http-tls.ts";
export { type RouteMatch, takesChoice } from "./schema/match.ts";
export type { ModelConfig, VersionPolicy } from "./schema/models.ts";
export { type BalanceConfig, LOCAL_POOL, type PoolConfig, type PoolEntry } from "./schema/pools.ts";
export type { RampConfig } from "./schema/ramp.ts";
export type { BreakerConfig, RetryConfig } from "./schema/resilience.ts";
export type { RouteConfig } from "./schema/routes.ts";
export type { GrpcConfig, RestConfig, TlsConfig } from "./schema/server.ts";
export type { ShadowConfig } from "./schema/shadow.ts";
export type { SplitArm } from "./schema/split.ts";
export type { StickyKey } from "./schema/sticky.ts";
export { choiceFor, type Target, targetName } from "./schema/target.ts";
export { type TextMatch, takerOf } from "./schema/text-match.ts";
export { parseDuration } from "./schema/units.ts";
export type { LoadConfig, PollPolicy, WorkersConfig } from "./schema/workers.ts";
export {
  defaultConfig,
  loadSettings,
  type RestartPart,
  restartParts,
  type Settings,
  servedConfig,
  servedModels,
} from "./settings.ts";
export { folderOfSource } from "./source.ts";
export { parseBatchingFile } from "./text-files.ts";
export { parseTextFormat } from "./text-format/parse.ts";
export { type ReloadCause, type SettingsWatch, watchSettings } from "./watch-settings.ts";
export { encodeWorkerSettings, type WorkerSettings, workerSettingsOf } from "./worker-settings.ts";
export { type WrittenModel, writtenModel } from "./written-model.ts";
