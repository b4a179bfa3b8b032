import { Writable } from "node:stream";
import { pino } from "pino";
import type { Logger, LogLevel } from "../../../core/index.ts";

export interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly [key: string]: unknown;
}

/** A logger whose lines can be looked at. */
export function memoryLog(level: LogLevel = "info"): { readonly log: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as LogLine);
      done();
    },
  });
  return { log: pino({ level }, stream), lines };
}
