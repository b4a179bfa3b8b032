import { createHash } from "node:crypto";
import { leastOfTwo } from "./least-of-two.ts";
import { type Candidate, isOpen, type Picker } from "./policy.ts";

/** Places of each endpoint on the ring: with so many, shares differ by about a tenth. */
const POINTS = 128;

interface Point<E> {
  readonly at: number;
  readonly endpoint: E;
}

/**
 * Equal keys go to one endpoint (consistent hashing, Karger et al. 1997): each endpoint has many places on a ring, a key
 * belongs to the next one after its own. So with one endpoint more or less, only its own part of the keys moves. The
 * places follow from the addresses alone, hence every gateway has the same ring. A key whose endpoint can take no call goes
 * to the next one on the ring, and comes back. What has no key is spread.
 */
export function ringHash<E extends Candidate>(endpoints: readonly E[], random: () => number): Picker<E> {
  const ring = endpoints.flatMap(pointsOf).sort((one, other) => one.at - other.at);
  const spread = leastOfTwo(endpoints, random);
  return (avoided, key) => {
    if (key === undefined) return spread(avoided, key);
    if (!endpoints.some((endpoint) => isOpen(endpoint, avoided))) return undefined;
    for (let i = firstFrom(ring, positionsOf(key)[0] as number); ; i++) {
      const { endpoint } = ring[i % ring.length] as Point<E>;
      if (isOpen(endpoint, avoided)) return endpoint;
    }
  };
}

function pointsOf<E extends Candidate>(endpoint: E): readonly Point<E>[] {
  const points: Point<E>[] = [];
  for (let i = 0; points.length < POINTS; i++) {
    for (const at of positionsOf(`${endpoint.name}\0${i}`)) points.push({ at, endpoint });
  }
  return points;
}

/** Eight whole numbers of 32 bits. */
function positionsOf(text: string): readonly number[] {
  const digest = createHash("sha256").update(text).digest();
  return Array.from({ length: 8 }, (_, i) => digest.readUInt32LE(4 * i));
}

/** The index of the first point at or behind a position; the ring's length when there is none. */
function firstFrom<E>(ring: readonly Point<E>[], position: number): number {
  let [low, high] = [0, ring.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring[middle] as Point<E>).at < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
