import type { BatchingConfig } from "../../config/index.ts";
import type { Signature } from "../../tensor/index.ts";
import type { Answer, CallInputs, Merging, RoutedCall } from "../call.ts";
import { isOfKind, kindOf, sizeOf } from "./kind.ts";
import { Lane, type Street } from "./lane.ts";
import type { Send } from "./ride.ts";
import { Trial } from "./trial.ts";

/** Lanes that are kept although nothing is on them, so that the next call of their kind finds one. */
const KEPT_LANES = 64;

export interface TrafficParts {
  readonly signature: Signature;
  readonly verdict: Merging;
  readonly config: BatchingConfig;
  readonly send: Send;
  /** How many endpoints have the version. */
  readonly endpointCount: () => number;
  /** Told of each departure: how many calls go as one. */
  readonly onDeparture: (calls: number) => void;
  /** Told when real calls have shown more than was known. */
  readonly onVerdict: (verdict: Merging) => void;
}

interface Express {
  readonly routed: RoutedCall;
  lane: Lane | undefined;
}

/** All calls by one method for one signature of one version. */
export class Traffic implements Street {
  config: BatchingConfig;
  readonly send: Send;
  readonly waiting: { rows: number; bytes: number } = { rows: 0, bytes: 0 };
  readonly #parts: TrafficParts;
  readonly #trial: Trial;
  #verdict: Merging;
  #lanes: Lane[] = [];
  #underWay = 0;
  /** Whether the last to leave had company: the next has some too, as a rule. */
  #inCompany = false;
  /** The last that left without a lane, until it is back or has got one. */
  #express: Express | undefined;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
    this.config = parts.config;
    this.send = parts.send;
    this.#verdict = parts.verdict;
    this.#trial = new Trial(parts.send, (verdict) => this.#decide(verdict));
  }

  async run(routed: RoutedCall): Promise<Answer> {
    const { is } = this.#verdict;
    if (is === "refused") return await this.send(routed);
    if (is === "unproven") {
      const answer = await this.send(routed);
      if (this.#verdict.is === "unproven") this.#trial.saw(routed, answer, this.config);
      return answer;
    }
    const { maxRows, maxBytes, allowedRows } = this.config;
    if (!this.busy && !this.#inCompany && allowedRows.length === 0) return await this.#expressly(routed);
    this.#board();
    const inputs = routed.call.body.inputsFor?.(routed.target);
    const size = inputs && sizeOf(inputs);
    if (size === undefined || size.rows > maxRows || size.bytes > maxBytes) return await this.send(routed);
    const lane = this.#laneOf(inputs as CallInputs);
    return await (lane === undefined ? this.send(routed) : lane.run(routed, inputs as CallInputs, size));
  }

  get verdict(): Merging {
    return this.#verdict;
  }

  get joins(): boolean {
    return this.#verdict.is === "proven";
  }

  get busy(): boolean {
    return this.#underWay > 0;
  }

  slots(): number {
    return this.config.maxInFlight ?? 2 * Math.max(1, this.#parts.endpointCount());
  }

  departs(calls: number): void {
    this.#underWay++;
    this.#inCompany = calls > 1;
    this.#parts.onDeparture(calls);
  }

  returned(): void {
    this.#underWay--;
    // Who waits for company has none to wait for.
    if (!this.busy) for (const lane of this.#lanes) lane.departSoon();
  }

  refuse(reason: string): void {
    if (this.#verdict.is !== "refused") this.#decide({ is: "refused", reason });
  }

  /** Nothing else is under way: it goes as it came, and is not even looked into. */
  async #expressly(routed: RoutedCall): Promise<Answer> {
    const express: Express = { routed, lane: undefined };
    this.#express = express;
    this.departs(1);
    try {
      return await this.send(routed);
    } finally {
      if (this.#express === express) this.#express = undefined;
      express.lane?.free();
      this.returned();
    }
  }

  /** Now that others come, it matters which lane has a slot taken. */
  #board(): void {
    const express = this.#express;
    if (express === undefined) return;
    this.#express = undefined;
    const { call, target } = express.routed;
    try {
      const inputs = call.body.inputsFor?.(target);
      express.lane = inputs && this.#laneOf(inputs);
      express.lane?.take();
    } catch {
      // It is wrong, and is being told so.
    }
  }

  /** Undefined for inputs that are not as the signature says. */
  #laneOf(inputs: CallInputs): Lane | undefined {
    const known = this.#lanes.find(({ kind }) => isOfKind(inputs, kind));
    if (known !== undefined) return known;
    const kind = kindOf(inputs, this.#parts.signature);
    if (kind === undefined) return undefined;
    if (this.#lanes.length >= KEPT_LANES) this.#lanes = this.#lanes.filter(({ idle }) => !idle);
    const lane = new Lane(kind, this);
    this.#lanes.push(lane);
    return lane;
  }

  #decide(verdict: Merging): void {
    this.#verdict = verdict;
    this.#parts.onVerdict(verdict);
  }
}
