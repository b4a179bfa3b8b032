#!/usr/bin/env node
import { Command, Option } from "commander";
import { letHeapGrow } from "./let-heap-grow.ts";
import { packageVersion } from "./package-version.ts";

/** Commands are imported when they run: `tensorgate worker` must not pay for the gateway's libraries. */
const program = new Command("tensorgate")
  .description("One REST and gRPC endpoint in front of many TensorFlow models.")
  .version(packageVersion(), "--version", "print the version")
  .helpOption("-h, --help", "print this help")
  .helpCommand(false)
  .showSuggestionAfterError()
  .showHelpAfterError("(--help lists the commands and their options)");

/** `serve` and `worker` read their flags themselves: they are those of tensorflow_model_server, underscores and all. */
function ownFlags(name: string, summary: string, run: (args: readonly string[]) => Promise<number>): void {
  program
    .command(name)
    .summary(summary)
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument("[flags...]")
    .action(async (_flags, _options, command: Command) => {
      letHeapGrow();
      process.exitCode = await run(command.args);
    });
}

ownFlags("serve", "serve models over REST and gRPC (serve --help lists the flags)", async (args) =>
  (await import("./serve.ts")).serve(args),
);
ownFlags("worker", "run one worker process alone, over gRPC (worker --help lists the flags)", async (args) =>
  (await import("./worker.ts")).worker(args),
);

// Of no use by hand: it needs the process that starts it.
program.command("gateway-process", { hidden: true }).action(async () => {
  letHeapGrow();
  process.exitCode = await (await import("./serve.ts")).member();
});

program
  .command("predict")
  .summary("ask a running gateway for a prediction")
  .argument("<model>", "the model's name")
  .argument("<json>", 'a request body, or a list of instances; "-" reads standard input')
  .option("--url <url>", "the gateway's REST address", "http://127.0.0.1:8501")
  .option("--version-number <n>", "ask for this version")
  .addOption(new Option("--label <label>", "ask for the version that has this label").conflicts("versionNumber"))
  .option("--signature <name>", "the signature to run")
  .action(async (model: string, json: string, options) => {
    process.exitCode = await (await import("./predict.ts")).predict(model, json, options);
  });

program
  .command("inspect")
  .summary("show a SavedModel's tags, signatures, inputs and outputs")
  .argument("<path>", "a SavedModel folder, or a folder of numeric versions")
  .option("--json", "print JSON")
  .action(async (path: string, options) => {
    process.exitCode = await (await import("./inspect.ts")).inspect(path, options);
  });

program
  .command("status")
  .summary("show what a running gateway serves")
  .option("--url <url>", "the gateway's REST address", "http://127.0.0.1:8501")
  .option("--json", "print JSON")
  .action(async (options) => {
    process.exitCode = await (await import("./status.ts")).status(options);
  });

const config = program.command("config").summary("check a configuration, or ask where it sends a request");

config
  .command("check")
  .summary("print everything that is wrong or odd about a configuration; status 1 for errors")
  .argument("[path]", "a file or a folder of files, as serve --config takes it; default: the examples'")
  .option("--model-config-file <file>", "take the models from TensorFlow Serving's list")
  .option("--strict", "status 1 for warnings too")
  .option("--no-paths", "do not look for the models on this machine's disk")
  .option("--json", "print JSON")
  .action(async (path: string | undefined, options) => {
    process.exitCode = await (await import("./config-check.ts")).checkCommand(path, options);
  });

config
  .command("explain")
  .summary("tell where a request goes, and why; status 1 when nothing would answer it")
  .argument("[path]", "a file or a folder of files, as serve --config takes it; default: the examples'")
  .requiredOption("--model <name>", "the model that the request names")
  .option("--version-number <n>", "the version that it names")
  .addOption(new Option("--label <label>", "the label that it names").conflicts("versionNumber"))
  .option("--signature <name>", "the signature that it names")
  .option("--client <name>", "the client that sends it")
  .option("--header <name=value>", "a header that it has; may be repeated", collected, [])
  .option("--input <file>", "its body, for routes that stick to it")
  .option("--model-config-file <file>", "take the models from TensorFlow Serving's list")
  .addOption(new Option("--url <url>", "ask the gateway that runs there").conflicts("modelConfigFile"))
  .option("--token <token>", "what that gateway's admin API wants; default: $TENSORGATE_ADMIN_TOKEN")
  .option("--json", "print JSON")
  .action(async (path: string | undefined, options) => {
    process.exitCode = await (await import("./config-explain.ts")).explainCommand(path, options);
  });

program
  .command("runtime")
  .summary("install, find or remove the TensorFlow library")
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .argument("[arguments...]")
  .action(async (_arguments, _options, command: Command) => {
    process.exitCode = await (await import("../worker/runtime/index.ts")).runRuntimeCommand(command.args);
  });

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

try {
  await program.parseAsync();
} catch (thrown) {
  process.stderr.write(`tensorgate: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
}
