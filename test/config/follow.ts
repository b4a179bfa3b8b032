import { type ConfigError, type Settings, type SettingsWatch, watchSettings } from "../../config/index.ts";

export interface Follower extends AsyncDisposable {
  readonly next: () => Promise<Settings | ConfigError>;
  readonly reload: SettingsWatch["reload"];
}

/** Follows settings and hands out what comes, in its order. */
export function follow(settings: Settings): Follower {
  const stop = new AbortController();
  const events: (Settings | ConfigError)[] = [];
  let wake: (() => void) | undefined;
  const push = (event: Settings | ConfigError): void => {
    events.push(event);
    wake?.();
  };
  const { done, reload } = watchSettings(settings, { signal: stop.signal, changed: push, refused: push });
  return {
    reload,
    async next() {
      while (events.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return events.shift() as Settings | ConfigError;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}
