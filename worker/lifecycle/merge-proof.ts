import type { FloatTolerance } from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { Verdicts } from "../merging/index.ts";

/** What is known of merging a version's calls, and within which tolerance it was found. */
export interface MergeProof {
  readonly within: FloatTolerance;
  readonly verdicts: Verdicts;
  readonly tookMs: number;
}

/** Finds for each signature of a model that is open whether its calls may be merged. Asks `stop` whether to go on; never rejects. */
export type Prove = (
  servable: { readonly directory: string; readonly model: LoadedModel },
  within: FloatTolerance,
  stop: () => boolean,
) => Promise<Verdicts>;

export async function timedProof(prove: Prove, ...[servable, within, stop]: Parameters<Prove>): Promise<MergeProof> {
  const startedMs = performance.now();
  const verdicts = await prove(servable, within, stop);
  return { within, verdicts, tookMs: performance.now() - startedMs };
}

/** For the log: what is proven as a list, the rest with its reason. */
export function proofFacts({ verdicts, tookMs }: MergeProof): object {
  const reasons = Array.from(verdicts, ([signature, verdict]) => [
    signature,
    verdict.is === "proven" ? verdict.is : `${verdict.is}: ${verdict.reason}`,
  ]);
  return { tookMs: Math.round(tookMs), merging: Object.fromEntries(reasons) as object };
}
