import { writeSync } from "node:fs";
import { destination, type Logger, pino } from "pino";
import { readableLine } from "./readable-line.ts";

export type { Logger };

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines on stderr: stdout stays free for what a command prints. `name` tells the gateway from its workers. */
export function createLogger(name: string, level: LogLevel = "info"): Logger {
  const { isTTY } = process.stderr;
  return pino({ name, level }, isTTY ? { write: writeLogLine } : destination({ dest: 2, sync: true }));
}

/** Puts a line that some logger of this program wrote onto stderr: as it is, or on a terminal for a person to read. */
export function writeLogLine(json: string): void {
  const line = json.trimEnd();
  writeSync(2, process.stderr.isTTY ? `\r\x1b[K${readableLine(line)}\n` : `${line}\n`);
}

/** For tests and library use. */
export const silentLogger: Logger = pino({ level: "silent" });
