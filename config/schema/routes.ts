import type { ModelName, Version, VersionChoice } from "../../core/index.ts";

/** One entry of `routes:`; the first that matches decides. Swapped by a reload. */
export interface RouteConfig {
  readonly match: RouteMatch;
  readonly action: RouteAction;
}

export interface RouteMatch {
  readonly model: ModelName;
  /** Equal to what the request asks for: `latest` matches only requests that name neither version nor label. */
  readonly choice: VersionChoice;
  /** All must be there with exactly this value; names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

export type RouteAction =
  /** The first target that is available. */
  | { readonly by: "to"; readonly targets: readonly Target[] }
  | { readonly by: "split"; readonly arms: readonly SplitArm[]; readonly sticky: StickyKey | undefined };

export type Target =
  | { readonly by: "version"; readonly version: Version }
  | { readonly by: "label"; readonly label: string };

export interface SplitArm {
  readonly target: Target;
  /** At least 0, relative to the other arms' sum; at least one arm has more than 0. */
  readonly weight: number;
}

/** What ties a client to its arm: the value of a header, its name in lower case. */
export interface StickyKey {
  readonly header: string;
}
