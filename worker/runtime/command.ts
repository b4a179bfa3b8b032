import { ensureRuntime, locateRuntime, removeRuntime } from "./ensure.ts";
import { NoRuntimeError } from "./runtime.ts";

const USAGE = `Usage: tensorgate runtime install|where|remove [--gpu]

  install   fetch TensorFlow's library now, if no library is found; print its folder
  where     print the folder of the library that would be used, without fetching one
  remove    delete the libraries that were fetched

  --gpu     the library with CUDA kernels

Looked for in this order: TENSORGATE_TENSORFLOW (a folder or a wheel file), $XDG_CACHE_HOME/tensorgate
(else ~/.cache/tensorgate), an installed Python TensorFlow, the package index (PIP_INDEX_URL, else pypi.org).
`;

/** `tensorgate runtime …`: paths go to stdout, messages to stderr. Answers the exit status: 1 = no library, 2 = wrong usage. */
export async function runRuntimeCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const gpu = args.includes("--gpu");
  const [verb, ...more] = args.filter((arg) => arg !== "--gpu");
  if (verb === "--help" || verb === "-h") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (more.length > 0 || !isVerb(verb)) {
    process.stderr.write(`${verb === undefined ? "" : `unknown: ${[...more, verb].at(0)}\n\n`}${USAGE}`);
    return 2;
  }
  try {
    const answer = await VERBS[verb]({ gpu, env });
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
    else process.stderr.write(`${NOTHING[verb]}\n`);
    return answer === undefined && verb === "where" ? 1 : 0;
  } catch (error) {
    if (!(error instanceof NoRuntimeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

const VERBS = {
  install: async (options: { gpu: boolean; env: NodeJS.ProcessEnv }) => (await ensureRuntime(options)).folder,
  where: async (options: { gpu: boolean; env: NodeJS.ProcessEnv }) => (await locateRuntime(options))?.folder,
  remove: removeRuntime,
};

const NOTHING = {
  install: "",
  where: "No TensorFlow library is here yet: tensorgate runtime install.",
  remove: "Nothing was fetched yet.",
};

function isVerb(word: string | undefined): word is keyof typeof VERBS {
  return word !== undefined && Object.hasOwn(VERBS, word);
}
