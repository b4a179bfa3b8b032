import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testWith } from "../setup/programs.ts";
import { PYTHON } from "../setup/python.ts";
import { ROOT, startProgram, type Tensorgate } from "../setup/tensorgate.ts";

/** What the READMEs tell people to type, against what `npm start` serves; only the ports are other ones. */
const run = promisify(execFile);
let gateway: Tensorgate;

beforeAll(async () => {
  gateway = await startProgram(["serve", "--host=127.0.0.1", "--port=any", "--rest_api_port=any", "--workers=1"]);
  await gateway.ready();
});
afterAll(() => gateway[Symbol.asyncDispose]());

function here(text: string): string {
  return text.replaceAll("http://127.0.0.1:8501", gateway.rest).replaceAll("127.0.0.1:8500", gateway.grpc);
}

function blocks(file: string, language: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] as string);
}

/** `$ command` lines, each with the output that follows it in the text. */
const sessions = blocks("README.md", "console")
  .join("")
  .split(/^\$ /m)
  .filter((text) => text.startsWith("curl ") && !text.includes("localhost"));

testWith("curl").for(sessions)("README.md: %s", async (text) => {
  const [command = "", ...answer] = text.split("\n");
  const stdout = await inShell(command);
  const wanted = answer.join("\n").trim();
  if (wanted !== "") expect(stdout.trim()).toBe(wanted);
});

const scripts = blocks("examples/README.md", "sh").filter((text) => text.includes("curl "));
testWith("curl").for(scripts)("examples/README.md: %s", async (script) => {
  expect(await inShell(script)).toMatch(/"(predictions|outputs|results)": /);
});

async function inShell(script: string): Promise<string> {
  const failing = here(script).replaceAll("curl ", "curl -sS --fail-with-body ");
  return (await run("sh", ["-ec", failing], { cwd: ROOT })).stdout;
}

test("the README's Python lines print what they say", async () => {
  const [script = ""] = blocks("README.md", "python");
  const wanted = /print\(.*# (.*)/.exec(script)?.[1];
  expect(wanted).toBeDefined();
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" };
  const { stdout } = await run(PYTHON, ["-c", here(script)], { env });
  expect(stdout.trim()).toBe(wanted);
});
