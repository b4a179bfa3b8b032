import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import type { Config } from "../../config/index.ts";
import type { ModelName } from "../../core/index.ts";
import type { MetricsPage } from "../observe/index.ts";
import type { ArmReport } from "../ramps/index.ts";
import type { ShadowSample } from "../shadowing/index.ts";
import { Asks } from "./asks.ts";
import type { ToMember, ToPrimary } from "./messages.ts";

/** Where a member listens. */
export interface Ports {
  readonly restPort: number | undefined;
  readonly grpcPort: number | undefined;
}

/** One member process, as the primary holds it: from its start to its end. */
export class MemberLink {
  /** Resolves once it has ended, to how. Everything that it was asked is answered then. */
  readonly ended: Promise<string>;
  readonly startedMs: number = performance.now();
  /** It has listened. */
  wasReady = false;
  readonly #process: Worker;
  /** What is to be asked once it hears: what is said to it before is lost. Undefined: it does. */
  #toAsk: (() => void)[] | undefined = [];
  readonly #applied = new Asks<void>();
  readonly #counted = new Asks<string | undefined>();
  readonly #reported = new Asks<ArmReport | undefined>();
  readonly #sampled = new Asks<readonly ShadowSample[]>();

  /** `onMessage` gets what the member says unasked; `config` is asked once it can be told. */
  constructor(config: () => Config, onMessage: (message: ToPrimary) => void) {
    this.#process = cluster.fork();
    this.#process.on("message", (message: ToPrimary) => {
      if (message.is === "applied") this.#applied.answered(message.ask);
      else if (message.is === "counted") this.#counted.answered(message.ask, message.page);
      else if (message.is === "reported") this.#reported.answered(message.ask, message.report);
      else if (message.is === "sampled") this.#sampled.answered(message.ask, message.samples);
      else if (message.is === "hears") this.#start(config());
      else onMessage(message);
    });
    // A message that is lost is told by its end.
    this.#process.on("error", () => {});
    this.ended = this.#end();
  }

  get pid(): number | undefined {
    return this.#process.process.pid;
  }

  send(message: ToMember): void {
    if (this.#process.isConnected()) this.#process.send(message);
  }

  /** Resolves once it listens; fails with an Error for a person when it cannot. */
  async listening(): Promise<Ports> {
    const said = new Promise<ToPrimary>((resolve) => {
      this.#process.on("message", (message: ToPrimary) => {
        if (message.is === "listening" || message.is === "failed") resolve(message);
      });
    });
    const first = await Promise.race([said, this.ended]);
    if (typeof first === "string") throw new Error(`a process of the gateway has ended at its start: ${first}`);
    if (first.is !== "listening") throw new Error(first.is === "failed" ? first.message : first.is);
    this.wasReady = true;
    return first;
  }

  /** Resolves once it has taken the configuration over; where models are `awaited`, once each of them answers or has failed. */
  apply(config: Config, awaited: readonly ModelName[] | undefined): Promise<void> {
    return this.#ask(this.#applied, (ask) => this.send({ is: "apply", config, awaited, ask }), undefined);
  }

  /** Undefined when it has ended meanwhile. */
  count(page: MetricsPage): Promise<string | undefined> {
    return this.#ask(this.#counted, (ask) => this.send({ is: "count", page, ask }), undefined);
  }

  /** What it knows of ramps' arms; undefined when it has ended meanwhile. */
  report(): Promise<ArmReport | undefined> {
    return this.#ask(this.#reported, (ask) => this.send({ is: "report", ask }), undefined);
  }

  /** What its shadows have found; nothing when it has ended meanwhile. */
  samples(): Promise<readonly ShadowSample[]> {
    return this.#ask(this.#sampled, (ask) => this.send({ is: "sample", ask }), []);
  }

  kill(): void {
    this.#process.process.kill("SIGKILL");
  }

  #ask<Answer>(asks: Asks<Answer>, send: (ask: number) => void, ifGone: Answer): Promise<Answer> {
    if (!this.#process.isConnected()) return Promise.resolve(ifGone);
    return asks.ask((ask) => (this.#toAsk === undefined ? send(ask) : void this.#toAsk.push(() => send(ask))));
  }

  #start(config: Config): void {
    this.send({ is: "start", config });
    for (const ask of this.#toAsk ?? []) ask();
    this.#toAsk = undefined;
  }

  async #end(): Promise<string> {
    const [code, signal] = (await once(this.#process, "exit")) as [number, string | null];
    this.#applied.endAll();
    this.#counted.endAll(undefined);
    this.#reported.endAll(undefined);
    this.#sampled.endAll([]);
    return signal === null ? `exit status ${code}` : `killed by ${signal}`;
  }
}
