import { writeSync } from "node:fs";
import { destination, type Logger, pino } from "pino";
import { readableLine } from "./readable-line.ts";

export type { Logger };

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How long a line may wait for others, so that a busy process writes many at once. */
const LINGER_MS = 50;

/** With so many characters waiting they are written. */
const FULL_LENGTH = 2 ** 13;

/** What is kept of lines for which a full disk has no room, in bytes. */
const KEPT_BYTES = 2 ** 20;

/** Lines on stderr: stdout stays free for what a command prints. `name` tells the gateway from its workers. */
export function createLogger(name: string, level: LogLevel = "info"): Logger {
  return pino({ name, level }, process.stderr.isTTY ? { write: writeLogLine } : toStderr());
}

/**
 * The same for a program that logs each request: off a terminal a line may be written a moment later, and a warning or
 * worse takes all that wait along. What ends the process without a word (SIGKILL, a crash of native code) takes the last
 * moment's lines with it.
 */
export function createBusyLogger(name: string, level: LogLevel = "info"): Logger {
  return process.stderr.isTTY ? createLogger(name, level) : pino({ name, level }, lingering());
}

/** A full disk, or a reader who has gone away, is no reason to end: what cannot be written is lost. */
function toStderr(): ReturnType<typeof destination> {
  return destination({ dest: 2, sync: true, maxLength: KEPT_BYTES }).on("error", () => {});
}

function lingering(): { write(line: string): void } {
  const stderr = toStderr();
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== "") stderr.write(waiting);
    waiting = "";
  };
  process.once("exit", flush);
  return {
    write(line) {
      waiting += line;
      if (waiting.length >= FULL_LENGTH || isUrgent(line)) flush();
      else timer ??= setTimeout(flush, LINGER_MS).unref();
    },
  };
}

/** pino's line begins with its level: info is 30, and all levels have two digits. */
function isUrgent(line: string): boolean {
  return line.charCodeAt(LEVEL_AT) > DIGIT_3;
}

const LEVEL_AT = '{"level":'.length;
const DIGIT_3 = 0x33;

/** Puts a line that some logger of this program wrote onto stderr: as it is, or on a terminal for a person to read. */
export function writeLogLine(json: string): void {
  const line = json.trimEnd();
  const text = process.stderr.isTTY ? `\r\x1b[K${readableLine(line)}\n` : `${line}\n`;
  try {
    writeSync(2, text);
  } catch {
    // The terminal has closed. SIGHUP, if that comes of it, says what to do; by itself it is no reason to end.
  }
}

/** For tests and library use. */
export const silentLogger: Logger = pino({ level: "silent" });
