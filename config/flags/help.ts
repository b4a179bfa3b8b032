import { foreignFlags } from "./foreign.ts";
import { flagsOf } from "./table.ts";
import type { Command } from "./values.ts";

const USAGE: Readonly<Record<Command, string>> = {
  serve:
    "Serves models over REST and gRPC: those of --config, --model_config_file or --model_base_path, else the examples.",
  worker:
    "Runs one worker alone, which speaks gRPC: it serves --model_config_file or --model_base_path, else what a gateway tells it.",
};

const WIDTH = 100;
const INDENT = 6;

/** What `tensorgate serve --help` prints. */
export function flagHelp(command: Command): string {
  const lines = [`Usage: tensorgate ${command} [--flag=value]...`, "", ...wrap(USAGE[command], 0), ""];
  for (const flag of flagsOf(command)) {
    if (flag.hidden) continue;
    const standard = flag.standard === undefined ? "" : ` (default: ${flag.standard})`;
    const value = flag.reader.alone === true ? "" : `=${flag.reader.placeholder}`;
    lines.push(`  --${flag.name}${value}`, ...wrap(flag.help + standard, INDENT));
  }
  const foreign = foreignFlags
    .filter(({ commands }) => commands.includes(command))
    .map(({ name }) => `--${name}`)
    .join(", ");
  lines.push("", ...wrap(`Flags of tensorflow_model_server that have no effect or are refused: ${foreign}.`, 0));
  return `${lines.join("\n")}\n`;
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => " ".repeat(indent) + each);
}
