/** Shows how far a long transfer has come; one at a time. */
export interface Progress {
  start(label: string, totalBytes: number): void;
  at(bytes: number): void;
  end(): void;
}

const MB = 1e6;

/** A bar on a terminal, elsewhere a line for every tenth. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? bar((text) => stream.write(text)) : lines((line) => stream.write(`${line}\n`));
}

const BAR_CELLS = 30;
const CLEAR_LINE = "\r\x1b[K";

/** One line that is drawn over itself, at each per cent: what others print in between pushes it down. */
export function bar(write: (text: string) => void): Progress {
  let label = "";
  let total = 1;
  let drawn = -1;
  const draw = (percent: number): void => {
    if (percent === drawn) return;
    drawn = percent;
    const cells = Math.floor((percent / 100) * BAR_CELLS);
    const shape = "█".repeat(cells).padEnd(BAR_CELLS, "░");
    write(`${CLEAR_LINE}${label} ${shape} ${percent}% of ${megabytes(total)}`);
  };
  return {
    start(newLabel, totalBytes) {
      label = newLabel;
      total = totalBytes;
      drawn = -1;
      draw(0);
    },
    at: (bytes) => draw(Math.min(100, Math.floor((bytes / total) * 100))),
    end: () => write("\n"),
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
