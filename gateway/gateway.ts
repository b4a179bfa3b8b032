import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config } from "../config/index.ts";
import { CallController, type Logger, type ModelName } from "../core/index.ts";
import { authenticator, clientAsked, createAdmission } from "./admission/index.ts";
import type { Backend } from "./backend.ts";
import { createBatching } from "./batching/index.ts";
import { createBounds } from "./bounds.ts";
import { type Apply, type Control, createAdminApi } from "./control/index.ts";
import { WORKERS_END_MS, workersShareMs } from "./end-limits.ts";
import { addExplanation } from "./explain-header.ts";
import { createGrpcServer } from "./grpc/index.ts";
import { atMostEvery, HEALTH_MS, healthTeller } from "./health-teller.ts";
import { modelMerging } from "./model-merging.ts";
import { createAccessLog, createMetrics, createObserver, type MetricsPage } from "./observe/index.ts";
import { OutputTypes } from "./output-types.ts";
import { createPassThrough } from "./passthrough/index.ts";
import { presenceOf } from "./presence.ts";
import type { ArmReport } from "./ramps/index.ts";
import { reloadModels } from "./reload.ts";
import { createRestServer } from "./rest/index.ts";
import { compileRoutes, decide, explain, resolve, routeStage, routesWithoutArm, servableOf } from "./routing/index.ts";
import { serve } from "./serve.ts";
import { createShadowing, type ShadowSample } from "./shadowing/index.ts";
import { statusRows } from "./status-rows.ts";
import { attempt, type Steps } from "./steps.ts";
import { createPools, type PlaceEvents, type WorkerPlaces } from "./upstream/index.ts";
import { within } from "./within.ts";

export interface GatewayOptions {
  readonly config: Config;
  /** Opens the places of the local workers. */
  readonly places: (events: PlaceEvents) => WorkerPlaces;
  /** What the first worker waits for (a library that is being fetched); the ports open without it. */
  readonly prepared: Promise<unknown>;
  readonly log: Logger;
  /** Whoever keeps the configuration; what changes comes by `apply`. */
  readonly control: Control;
  /** What the other processes that serve the same ports have counted; undefined: there are none. */
  readonly others?: (page: MetricsPage) => Promise<readonly string[]>;
}

/** A gateway that listens. Whoever starts it shuts it down. */
export interface Gateway {
  /** Undefined while REST is off. */
  readonly restPort: number | undefined;
  /** Undefined where only a Unix socket is listened on. */
  readonly grpcPort: number | undefined;
  /** Takes over models, routes, `http` and resilience in one step; requests in flight end as they began. */
  readonly apply: Apply;
  /** What this process alone has counted. */
  metrics(page: MetricsPage): Promise<string>;
  /** What this process alone knows of the arms of routes with a ramp. */
  report(): Promise<ArmReport>;
  /** What the shadows of this process have found lately, newest first. */
  samples(): Promise<readonly ShadowSample[]>;
  /** Not ready, then finishes what is in flight within `limitMs`, then ends ports and workers. */
  shutDown(limitMs: number): Promise<void>;
}

/** Of that, what a process takes that has to be killed. */
const KILL_MS = 200;

/** Opens the ports and starts the pool. Throws an Error that a person can read when a port cannot be had. */
export async function startGateway({
  config: first,
  places,
  prepared,
  log,
  control,
  others,
}: GatewayOptions): Promise<Gateway> {
  let config = first;
  let routes = compileRoutes(config);
  const { batchingFiles } = first.workers.load;
  let boundsOf = createBounds(config, batchingFiles);
  let authenticate = authenticator(config);
  const admission = createAdmission();
  const pools = createPools({ config, places, prepared, log, onLoadTried: (load) => metrics.serving.tried(load) });
  const { registry } = pools;

  const apply: Apply = async (next, awaited) => {
    // All of it is made before any of it holds; of ten thousand routes, in a turn of its own.
    const made = [compileRoutes(next), createBounds(next, batchingFiles), authenticator(next)] as const;
    await nextTurn();
    [routes, boundsOf, authenticate] = made;
    config = next;
    shadowing.apply(next.routes);
    pools.apply(next);
    passThrough.apply(next);
    restServer?.pathsChanged();
    if (awaited === undefined) return;
    // One that is removed meanwhile is not waited for.
    const isDecided = (name: ModelName): boolean => !routes.models.has(name) || pools.decided(name);
    await pools.until(() => pools.applied() && awaited.every(isDecided), new CallController());
  };
  const batching = createBatching({
    configOf: (target) => (pools.joins(target) ? boundsOf(target) : undefined),
    endpointCount: (target) => registry.endpointsOf(target).length,
    send: pools.send,
    onDeparture: ({ name, version }, signature, calls) =>
      metrics.departed({ model: name, version: String(version), signature }, calls),
    log,
  });
  const metrics = createMetrics({
    workers: () => pools.workers(),
    pools: () => pools.figures(),
    ready: () => missing().length === 0,
    control: () => control.metrics(),
    http: () => passThrough.figures(),
    presence: () => presenceOf(config, registry),
    ...(others === undefined ? {} : { others }),
  });
  const shadowing = createShadowing({
    routes: config.routes,
    servableOf: (call, target) => servableOf(routes, registry, call, target),
    send: (routed) => attempt(batching, routed),
    metrics: metrics.shadows,
    log,
  });
  const steps: Steps = {
    admit: (call) => admission.admit(call),
    retry: pools.retry,
    decide(call) {
      const decision = decide(routes, call);
      if (config.admin.explainHeader) addExplanation(routes, registry, call, decision);
      return decision;
    },
    resolve: (call) => ({ call, target: resolve(routes, registry, call.spec.name, call.spec.choice), arm: "" }),
    routeStage: (decision, stage) => routeStage(routes, registry, decision, stage),
    copiesOf: (decision) => shadowing.copiesOf(decision),
    send: batching.send,
    stageEnded: (route, arm, code, seconds) => metrics.routes.ended(route, arm, code, seconds),
    outputTypes: new OutputTypes(),
  };
  const missing = (): readonly string[] => (admission.draining ? ["the server is shutting down"] : pools.missing());
  const backend: Backend = {
    async serve(call) {
      const startedMs = performance.now();
      const answer = await serve(steps, capped(call, config.resilience.timeoutMs));
      metrics.serving.ran(call.method, answer, (performance.now() - startedMs) / 1000);
      return answer;
    },
    authenticate: (header, certificate) => authenticate(header, certificate),
    resolve: ({ name, choice }) => resolve(routes, registry, name, choice),
    status: (name, version) => statusRows(registry.status(name), name, version, routes.models.keys()),
    problem: (name) => pools.problemOf(name),
    modelNames: () => config.models.map(({ name }) => name),
    merging: (name) => modelMerging(registry.available(name).filter(boundsOf), batching.mergingOf),
    missing,
    reload: (request, signal) => reloadModels(request, { config: () => config, control, pools, signal }),
    metricValue: (name) => metrics.serving.valueOf(name),
  };

  const accessLog = createAccessLog(log);
  const observer = createObserver({ metrics, accessLog, knowsModel: (name) => routes.models.has(name) });
  const passThrough = createPassThrough({ config, metrics: metrics.http, log });
  const { host, grpc, rest, monitoring } = config.server;
  const edge = { host, backend, observer, log };
  const grpcServer = createGrpcServer({
    ...edge,
    config: grpc,
    answerForm: config.workers.answerAsTensorContent ? "content" : "typed",
  });
  const restServer =
    rest.port === undefined
      ? undefined
      : createRestServer({
          ...edge,
          port: rest.port,
          config: rest,
          compatibility: () => config.compatibility,
          metrics,
          monitoringPath: monitoring.path,
          passThrough,
          admin: {
            config: () => config.admin,
            api: createAdminApi(control, {
              config: () => config,
              pools,
              explain: (query) => explain(routes, registry, { ...query, client: clientAsked(config, query) }),
            }),
          },
          configFacts: () => control.facts(),
        });
  const health = healthTeller({ missing, setServing: (is) => grpcServer.setServing(is), log });
  pools.onChange(atMostEvery(HEALTH_MS, () => health.tell()));

  const close = async (callsMs: number, workersMs: () => number): Promise<void> => {
    health.close();
    await Promise.all([restServer?.close(callsMs), grpcServer.close(callsMs), shadowing.close()]);
    await passThrough.close();
    await pools.close(workersMs());
  };
  try {
    await passThrough.ready();
    return {
      grpcPort: await grpcServer.listen(),
      restPort: await restServer?.listen(),
      apply,
      metrics: (page) => metrics.pageOfThis(page),
      async report() {
        const ramps = new Set(routes.routes.flatMap((route) => (route.config.ramp === undefined ? [] : route.name)));
        return {
          figures: metrics.routes.snapshot((route) => ramps.has(route)),
          unavailable: routesWithoutArm(routes, registry),
        };
      },
      samples: async () => shadowing.recent(),
      async shutDown(limitMs) {
        const endMs = performance.now() + limitMs;
        const workersMs = workersShareMs(limitMs);
        const leftMs = (reserveMs: number): number => Math.max(0, endMs - reserveMs - performance.now());
        admission.drain();
        restServer?.drain();
        shadowing.drain();
        pools.drain();
        health.tell();
        await within(leftMs(workersMs), admission.idle());
        if (admission.inFlight > 0)
          log.warn({ calls: admission.inFlight }, "the time to drain is over, calls are cut off");
        await close(leftMs(workersMs), () => Math.min(WORKERS_END_MS, leftMs(KILL_MS)));
      },
    };
  } catch (thrown) {
    await close(0, () => WORKERS_END_MS);
    throw thrown;
  }
}

/** `resilience.timeout` caps the client's own deadline. */
function capped<Call extends { readonly deadline: number }>(call: Call, timeoutMs: number): Call {
  const deadline = performance.now() + timeoutMs;
  return deadline < call.deadline ? { ...call, deadline } : call;
}
