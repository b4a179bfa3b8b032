import { z } from "zod";
import { type AdminConfig, adminSchema } from "./admin.ts";
import { type BatchingConfig, batchingSchema } from "./batching.ts";
import { type ClientConfig, clientSchema } from "./clients.ts";
import { type CompatibilityConfig, compatibilitySchema } from "./compatibility.ts";
import { type GatewayConfig, gatewaySchema } from "./gateway.ts";
import { type HttpConfig, httpSchema } from "./http.ts";
import { type ModelConfig, modelSchema } from "./models.ts";
import { type PoolConfig, poolSchema } from "./pools.ts";
import { type ResilienceConfig, resilienceSchema } from "./resilience.ts";
import { type RouteConfig, routeSchema } from "./routes.ts";
import { list, section } from "./scalar.ts";
import { type ServerConfig, serverSchema } from "./server.ts";
import { type StateConfig, stateSchema } from "./state.ts";
import { type WorkersConfig, workersSchema } from "./workers.ts";

/**
 * A whole configuration, every default filled in. `gateway`, `server`, `state` and `workers` need a restart; `models`, `pools`, `routes`, `resilience`,
 * `batching`, `compatibility`, `clients` and `admin` are swapped while running.
 */
export interface Config {
  readonly gateway: GatewayConfig;
  readonly server: ServerConfig;
  readonly workers: WorkersConfig;
  readonly models: readonly ModelConfig[];
  /** For models that say nothing of it themselves. */
  readonly batching: BatchingConfig | "off";
  /** Endpoints beside the local workers. */
  readonly pools: readonly PoolConfig[];
  readonly routes: readonly RouteConfig[];
  /** Paths of the REST port that other servers answer. */
  readonly http: readonly HttpConfig[];
  readonly resilience: ResilienceConfig;
  readonly compatibility: CompatibilityConfig;
  /** Those that prove who they are. */
  readonly clients: readonly ClientConfig[];
  readonly admin: AdminConfig;
  readonly state: StateConfig;
}

/** `$schema` is there for editors, which read it in JSON files. */
export const configSchema: z.ZodType<Config> = section({
  $schema: z.string().optional(),
  gateway: gatewaySchema.prefault({}),
  server: serverSchema.prefault({}),
  workers: workersSchema.prefault({}),
  models: list(modelSchema).prefault([]).describe("The models to serve."),
  batching: batchingSchema
    .prefault({})
    .describe("How concurrent calls are joined, of models that say nothing of it themselves: off, or its bounds."),
  pools: list(poolSchema).prefault([]).describe("Endpoints elsewhere, beside the local workers."),
  routes: list(routeSchema).prefault([]).describe("Which version answers; the first that matches decides."),
  http: httpSchema.prefault([]).describe("Paths of the REST port that other HTTP servers answer."),
  resilience: resilienceSchema.prefault({}),
  compatibility: compatibilitySchema.prefault({}),
  clients: list(clientSchema).prefault([]).describe("Clients that prove who they are, by a token or a certificate."),
  admin: adminSchema.prefault({}),
  state: stateSchema.prefault({}),
}).transform((written): Config => {
  const { $schema: _, ...config } = written;
  return config;
});
