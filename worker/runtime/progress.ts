import { Presets, SingleBar } from "cli-progress";

/** Shows how far a long transfer has come; one at a time. */
export interface Progress {
  start(label: string, totalBytes: number): void;
  at(bytes: number): void;
  end(): void;
}

const MB = 1e6;

/** A bar on a terminal, elsewhere a line for every tenth. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? bar(stream) : lines((line) => stream.write(`${line}\n`));
}

function bar(stream: NodeJS.WriteStream): Progress {
  let shown: SingleBar | undefined;
  return {
    start(label, totalBytes) {
      const format = `${label} [{bar}] {percentage}% | {value}/{total} MB | {eta_formatted} left`;
      shown = new SingleBar({ format, stream, hideCursor: true, etaBuffer: 50 }, Presets.rect);
      shown.start(Math.ceil(totalBytes / MB), 0);
    },
    at: (bytes) => shown?.update(Math.floor(bytes / MB)),
    end: () => shown?.stop(),
  };
}

export function lines(write: (line: string) => void): Progress {
  let label = "";
  let total = 1;
  let told = 0;
  return {
    start(newLabel, totalBytes) {
      label = newLabel;
      total = totalBytes;
      told = 0;
      write(`${label}: ${megabytes(totalBytes)}`);
    },
    at(bytes) {
      const tenths = Math.min(10, Math.floor((bytes / total) * 10));
      if (tenths > told) write(`${label}: ${tenths * 10}% of ${megabytes(total)}`);
      told = Math.max(told, tenths);
    },
    end() {},
  };
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / MB)} MB`;
}
