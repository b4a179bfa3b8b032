export type { Config } from "./schema/config.ts";
export type { ModelConfig, VersionPolicy } from "./schema/models.ts";
export type { BreakerConfig, ResilienceConfig, RetryConfig } from "./schema/resilience.ts";
export type { RouteAction, RouteConfig, RouteMatch, SplitArm, StickyKey, Target } from "./schema/routes.ts";
export type { GrpcConfig, MonitoringConfig, RestConfig, ServerConfig } from "./schema/server.ts";
export type { LoadConfig, PollPolicy, SessionConfig, WorkersConfig } from "./schema/workers.ts";
export { encodeWorkerSettings, type WorkerSettings, workerSettingsOf } from "./worker-settings.ts";
