import type { PollPolicy, VersionPolicy } from "../../config/index.ts";
import { type Scan, scanBasePath } from "./scan.ts";

export interface SourceOptions {
  readonly basePath: string;
  readonly policy: VersionPolicy;
  readonly poll: PollPolicy;
  /** Called after every look, in order. Not called any more once the source is closed. */
  readonly onScan: (scan: Scan) => void;
  /** Replaced by tests that hold a look back. */
  readonly scan?: typeof scanBasePath;
}

/**
 * Looks at one base path, at once and then as often as the policy says. Every model has a source of its own, so a path
 * that is missing or hangs holds back nobody else (in TensorFlow Serving one such path stops the poll of all). The next
 * look is waited for only after the last has ended: at most one is under way. The caller closes it.
 */
export function startSource(options: SourceOptions): { close(): void } {
  const { basePath, policy, poll, onScan, scan = scanBasePath } = options;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const look = async (): Promise<void> => {
    const seen = await scan(basePath, policy);
    if (closed) return;
    onScan(seen);
    if (poll.by === "interval") timer = setTimeout(() => void look(), poll.everyMs);
  };
  if (poll.by === "never") {
    queueMicrotask(() => {
      if (!closed) onScan({ is: "unreadable", problem: `${basePath} is never looked at: polling is turned off` });
    });
  } else {
    void look();
  }
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
