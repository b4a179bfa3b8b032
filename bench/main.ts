/** `npm run bench -- NAME`: each benchmark prints what it measured. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  "first-answer": () => import("./first-answer.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
const load = BENCHMARKS[name];
if (load === undefined) {
  console.error(`usage: npm run bench -- NAME, with NAME one of: ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exitCode = 2;
} else {
  await (await load()).run(args);
}
