import type { ModelConfig } from "./models.ts";
import type { ResilienceConfig } from "./resilience.ts";
import type { RouteConfig } from "./routes.ts";
import type { ServerConfig } from "./server.ts";
import type { WorkersConfig } from "./workers.ts";

/**
 * A whole configuration, every default filled in. `server` and `workers` need a restart; `models`, `routes` and
 * `resilience` are swapped while running.
 */
export interface Config {
  readonly server: ServerConfig;
  readonly workers: WorkersConfig;
  readonly models: readonly ModelConfig[];
  readonly routes: readonly RouteConfig[];
  readonly resilience: ResilienceConfig;
}
