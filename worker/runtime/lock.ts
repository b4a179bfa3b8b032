import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when somebody else holds it. */
  readonly onWait?: (owner: string) => void;
  /** Default 20 s; tests shorten it. */
  readonly staleAfterMs?: number;
}

interface Owner {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
}

/** The owner's sign of life: the file's time. It tells across containers that share a cache, where process ids mean nothing. */
const HEARTBEAT_MS = 2000;
const STALE_AFTER_MS = 20_000;
const POLL_MS = 250;
const mine = new Set<string>();

/**
 * Runs `work` while this process alone holds the lock file. One whose owner has died is taken over: at once when its process is gone from this
 * host, else when it has shown no life for 20 s. Should two ever hold it (an owner that was suspended for long), `work` must only
 * cost time, not correctness.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const owner: Owner = { id: randomUUID(), pid: process.pid, host: hostname() };
  let told = false;
  while (!(await create(path, owner))) {
    options.signal?.throwIfAborted();
    const holder = await read(path);
    if (holder !== undefined && (await isDead(path, holder, options.staleAfterMs ?? STALE_AFTER_MS))) {
      await takeAway(path, holder);
      continue;
    }
    if (!told && holder !== undefined) {
      told = true;
      options.onWait?.(`process ${holder.pid} on ${holder.host}`);
    }
    await sleep(POLL_MS, undefined, options.signal ? { signal: options.signal } : {});
  }
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    mine.delete(owner.id);
    if ((await read(path))?.id === owner.id) await rm(path, { force: true });
  }
}

async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    mine.add(owner.id);
    try {
      await file.writeFile(JSON.stringify(owner));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined when it has just gone. Ids are empty while it is being written, or when its writer died over it. */
async function read(path: string): Promise<Owner | undefined> {
  try {
    const text = await readFile(path, "utf8");
    return text === "" ? { id: "", pid: 0, host: "" } : (JSON.parse(text) as Owner);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return { id: "", pid: 0, host: "" };
  }
}

async function isDead(path: string, owner: Owner, staleAfterMs: number): Promise<boolean> {
  if (owner.host === hostname() && !isAlive(owner)) return true;
  const seen = await stat(path).catch(() => undefined);
  return seen !== undefined && Date.now() - seen.mtimeMs > staleAfterMs;
}

function isAlive(owner: Owner): boolean {
  // A container that starts again may give this process the number of the one that died.
  if (owner.pid === process.pid) return mine.has(owner.id);
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Moves the dead owner's file aside before it goes, so that a lock which was taken in between can be put back. */
async function takeAway(path: string, dead: Owner): Promise<void> {
  const aside = `${path}-${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // another one was faster
  }
  if ((await read(aside))?.id === dead.id) await rm(aside, { force: true });
  else await rename(aside, path);
}
