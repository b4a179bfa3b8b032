import { destination, type Logger, pino } from "pino";

export type { Logger };

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on stderr: stdout stays free for what a command prints. `name` tells the gateway from its workers. */
export function createLogger(name: string, level: LogLevel = "info"): Logger {
  return pino({ name, level }, destination({ dest: 2, sync: true }));
}

/** For tests and library use. */
export const silentLogger: Logger = pino({ level: "silent" });
