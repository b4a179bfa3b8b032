import type { Reply, Tensorgate } from "./tensorgate.ts";

export interface Load {
  /** Resolves when this many more calls have been answered. */
  answered(count: number): Promise<void>;
  /** Ends the load; what was not answered with 200, in words. */
  stop(): Promise<string[]>;
}

/** `clients` that each send one predict call after the other until stopped. */
export function untilNotLost(gateway: Tensorgate, clients: number, see: (reply: Reply) => void = () => {}): Load {
  const lost: string[] = [];
  const waiting = new Set<{ left: number; resolve: () => void }>();
  const stopped = new AbortController();
  const answered = (): void => {
    for (const waiter of waiting) {
      if (--waiter.left > 0) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  };
  const client = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        const reply = await gateway.predict("half_plus_two", { instances: [1, 2, 5] });
        if (reply.status !== 200) lost.push(`${reply.status} ${reply.text}`);
        see(reply);
      } catch (thrown) {
        lost.push(String(thrown));
      }
      answered();
    }
  };
  const ended = Promise.all(Array.from({ length: clients }, client));
  return {
    answered: (count) => new Promise((resolve) => waiting.add({ left: count, resolve })),
    stop: async () => {
      stopped.abort();
      await ended;
      return lost;
    },
  };
}
