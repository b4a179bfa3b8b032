import { isDeepStrictEqual } from "node:util";
import type { FloatTolerance } from "../../tensor/index.ts";
import { type MergeProof, type Prove, timedProof } from "./merge-proof.ts";
import type { Servable } from "./servable.ts";
import type { Slots } from "./slots.ts";

/**
 * Brings what is told of an available version's merging to the tolerance that is asked for now; answers whether that has
 * changed anything. Takes a slot as a load does, and holds the version meanwhile.
 */
export async function proveAnew(
  { slots, prove }: { readonly slots: Slots; readonly prove: Prove },
  it: Servable,
  asked: () => FloatTolerance | undefined,
): Promise<boolean> {
  const upToDate = (): boolean => it.phase.is !== "available" || isDeepStrictEqual(it.phase.proof?.within, asked());
  if (upToDate()) return false;
  using _slot = await slots.take();
  using handle = it.acquire();
  const { phase } = it;
  const within = asked();
  if (handle === undefined || phase.is !== "available" || upToDate()) return false;
  const superseded = (): boolean => it.phase !== phase || !isDeepStrictEqual(within, asked());
  let proof: MergeProof | undefined;
  if (within !== undefined) {
    proof = await timedProof(prove, { directory: it.directory, model: handle.model }, within, superseded);
  }
  if (superseded()) return false;
  it.phase = { ...phase, proof };
  return true;
}
