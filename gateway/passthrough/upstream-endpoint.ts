import http, { type ClientRequest, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import { createSecureContext } from "node:tls";
import { type BreakerConfig, isSecure, type UpstreamTls } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";
import type { UpstreamFigures } from "../observe/index.ts";
import { type Breaker, createBreaker } from "../upstream/index.ts";
import { SickAnswer } from "./answer-status.ts";
import { type FailureKind, failureKind } from "./failure.ts";

/** First line and headers of a request to an upstream. */
export interface UpstreamHead {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
}

/** Connections that carry nothing are closed before most servers do so by themselves: a request that meets such an end is lost. */
const IDLE_MS = 4_000;

/** One server that requests are passed on to: its connections, load and health. It outlives reloads that still name it. */
export class UpstreamEndpoint {
  /** `http://127.0.0.1:9000`. */
  readonly origin: string;
  /** For the Host header. */
  readonly host: string;
  readonly #log: Logger;
  readonly #agent: http.Agent;
  readonly #isSecure: boolean;
  readonly #hostname: string;
  readonly #port: string;
  #breaker: Breaker;
  #inFlight = 0;
  #retired = false;

  /** `tls` is for `https:` origins alone. */
  constructor(origin: string, tls: UpstreamTls | undefined, breaker: BreakerConfig, log: Logger) {
    const { host, hostname, port } = new URL(origin);
    this.origin = origin;
    this.host = host;
    this.#log = log;
    this.#isSecure = isSecure(origin);
    this.#hostname = hostname.replace(/^\[(.*)\]$/, "$1");
    this.#port = port;
    const options = { keepAlive: true, timeout: IDLE_MS };
    this.#agent = this.#isSecure ? new https.Agent({ ...options, ...secureOptions(tls) }) : new http.Agent(options);
    this.#breaker = this.#createBreaker(breaker);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Let through by its breaker. */
  get pickable(): boolean {
    return this.#breaker.passes;
  }

  get figures(): UpstreamFigures {
    return { upstream: this.origin, inFlight: this.#inFlight, breaker: this.#breaker.state };
  }

  /** Runs one request up to its answer's head, and has the breaker count how it went. Nobody counts any more once it is retired. */
  run<T>(request: () => Promise<T>): Promise<T> {
    return this.#retired ? request() : this.#breaker.run(request);
  }

  /** A request that counts as in flight until its answer has ended. */
  open({ method, path, headers }: UpstreamHead): ClientRequest {
    headers["host"] = this.host;
    const outgoing = (this.#isSecure ? https : http).request({
      agent: this.#agent,
      host: this.#hostname,
      port: this.#port,
      method,
      path,
      headers,
    });
    this.#inFlight++;
    outgoing.once("close", () => {
      this.#inFlight--;
      this.#endIfDone();
    });
    return outgoing;
  }

  /** Other breaker settings; what the old breaker has counted is forgotten. */
  setBreaker(config: BreakerConfig): void {
    this.#breaker.close();
    this.#breaker = this.#createBreaker(config);
  }

  /** Nobody picks it any more; its connections end with what is in flight. */
  retire(): void {
    this.#retired = true;
    this.#breaker.close();
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#retired && this.#inFlight === 0) this.#agent.destroy();
  }

  #createBreaker(config: BreakerConfig): Breaker {
    const changed = (state: Breaker["state"]): void =>
      this.#log.warn({ upstream: this.origin, state }, "the upstream's breaker has changed");
    return createBreaker(this.origin, config, changed, isUpstreamsFault);
  }
}

/** Made once: from PEM text the agent would make it for each connection, and compare it for each request. */
function secureOptions(tls: UpstreamTls | undefined): https.AgentOptions {
  if (tls === undefined) return {};
  const { ca, client, serverName } = tls;
  const secureContext = createSecureContext({ ...(ca === undefined ? {} : { ca }), ...client });
  return { secureContext, ...(serverName === undefined ? {} : { servername: serverName }) };
}

const OF_THE_UPSTREAM: ReadonlySet<FailureKind> = new Set(["unreachable", "no connection", "dropped", "silent"]);

function isUpstreamsFault(thrown: unknown): boolean {
  if (thrown instanceof SickAnswer) return true;
  const kind = failureKind(thrown);
  return kind !== undefined && OF_THE_UPSTREAM.has(kind);
}
