import type { ErrorCode } from "../../core/index.ts";

/** Where a request goes, and why; plain JSON, versions as text since they are int64. */
export interface Explanation {
  readonly asked: Asked;
  /** Undefined: none applies, and the version is the one that the request asks for. */
  readonly route?: ExplainedRoute;
  /** Routes of the model that stand before it, in the order of the file; no more than {@link PASSED_OVER_SHOWN}. */
  readonly passedOver: readonly PassedOver[];
  /** How many more there are. */
  readonly morePassedOver: number;
  /** What answers; undefined: chance decides among several arms, nothing is available, or default outputs answer. */
  readonly target?: ExplainedTarget;
  /** The name of the arm that it is, or `default` for default outputs; undefined without a split, and where it is one of the fallback's. */
  readonly arm?: string;
  /** Why it is this target, or why it is none. */
  readonly because: string;
  /** What the request fails with while nothing is available. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export const PASSED_OVER_SHOWN = 100;

/** What the request says that routes look at. */
export interface Asked {
  readonly model: string;
  readonly version?: string;
  readonly label?: string;
  readonly signature: string;
  readonly client?: string;
}

export interface PassedOver {
  readonly name: string;
  readonly place: string;
  /** The first thing about the request that does not fit. */
  readonly because: string;
}

export interface ExplainedRoute {
  readonly name: string;
  /** `file:line:column`; "" where there is no file. */
  readonly place: string;
  /** Its conditions, all of which hold. */
  readonly because: readonly string[];
  /** Exactly one of these three. */
  readonly to?: readonly ExplainedTarget[];
  readonly split?: readonly ExplainedArm[];
  readonly chain?: readonly ExplainedTarget[];
  /** What ties requests to an arm: `header x-user-id`. */
  readonly sticky?: string;
  readonly fallback?: {
    readonly to: readonly ExplainedTarget[];
    readonly on: readonly ErrorCode[];
    readonly afterMs?: number;
  };
  readonly shadows: readonly { readonly target: ExplainedTarget; readonly percent: number }[];
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** Whether Predict answers something even if nothing is available. */
  readonly defaultOutputs: boolean;
  readonly ramp?: {
    readonly arm: string;
    readonly baseline?: string;
    /** The part of the requests that the arm has at this moment, of all arms, available or not. */
    readonly percent: number;
    readonly steps: readonly { readonly percent: number; readonly forMs?: number }[];
  };
}

export interface ExplainedTarget {
  readonly model: string;
  /** Undefined while none is available; `latest` where nobody here can know its number. */
  readonly version?: string;
  /** As the target, or else the request, names it. */
  readonly label?: string;
  readonly signature: string;
  readonly pool?: string;
  /** Why it cannot answer; undefined: it can. */
  readonly unavailable?: string;
}

export interface ExplainedArm {
  readonly name: string;
  readonly weight: number;
  /** The part of the route's requests that it gets at this moment, from 0 to 1. */
  readonly share: number;
  readonly target: ExplainedTarget;
  /** Why it gets none; undefined: it gets some. */
  readonly leftOut?: string;
}
