import { type Flag, source } from "./flag.ts";
import { foreignFlags } from "./foreign.ts";
import { modelFlags } from "./models.ts";
import { yesNo } from "./read.ts";
import { serverFlags } from "./server.ts";
import type { Command } from "./values.ts";
import { workerFlags } from "./workers.ts";

/** All flags of `tensorgate serve` and `tensorgate worker`, in the order in which they act on a configuration. */
const FLAGS: readonly Flag[] = [
  ...modelFlags,
  ...serverFlags,
  ...workerFlags,
  ...foreignFlags,
  source({
    name: "help",
    reader: yesNo,
    help: "Print this help.",
    put: (values, on) => {
      values.help = on;
    },
  }),
  source({
    name: "version",
    reader: yesNo,
    help: "Print the version.",
    put: (values, on) => {
      values.version = on;
    },
  }),
];

/** The flags of a command, in the order of the table. */
export function flagsOf(command: Command): readonly Flag[] {
  return FLAGS.filter(({ commands }) => commands.includes(command));
}
