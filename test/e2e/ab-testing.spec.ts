import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect } from "vitest";
import { testWith } from "../setup/programs.ts";
import { PROGRAM, ROOT, startProgram, type Tensorgate } from "../setup/tensorgate.ts";

/** What docs/ab-testing.md tells people to do, in its order, in a folder of its own and on other ports. */
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "tensorgate-ab-"));
const file = join(folder, "ab.yaml");
let gateway: Tensorgate | undefined;

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const steps = [
  ...readFileSync(join(ROOT, "docs/ab-testing.md"), "utf8").matchAll(/^```(yaml|console)\n(.*?)^```/gms),
].map(([, language = "", text = ""]) => ({ language, text }));

testWith("curl", "bash")("docs/ab-testing.md can be followed to the letter", { timeout: 180_000 }, async () => {
  symlinkSync(join(ROOT, "examples"), join(folder, "examples"));
  for (const { language, text } of steps) await (language === "yaml" ? edit(text) : type(text));
});

/** Saved as editors save: renamed over the old one; then waits until the gateway has looked at it. */
async function edit(text: string): Promise<void> {
  const isWhole = text.startsWith("# ab.yaml\n");
  const before = isWhole ? "" : readFileSync(file, "utf8").replace(/^routes:.*/ms, "");
  writeFileSync(`${file}.new`, `${before}${text.replace("# ab.yaml, its routes\n", "")}`);
  const seen = gateway?.log.length ?? 0;
  renameSync(`${file}.new`, file);
  await gateway?.logged(
    (line) => (gateway?.log.indexOf(line) ?? 0) >= seen && /^config (applied|refused)/.test(line.msg ?? ""),
  );
}

async function type(session: string): Promise<void> {
  for (const typed of session.split(/^\$ /m).filter(Boolean)) {
    const [command = "", ...lines] = typed.split("\n");
    const wanted = lines.join("\n").trim();
    if (command.includes("tensorgate serve")) {
      const flags = ["--port=any", "--rest_api_port=any", "--workers=1"];
      gateway = await startProgram(["serve", `--config=${file}`, "--host=127.0.0.1", ...flags]);
      await gateway.ready();
    } else {
      const printed = (await inShell(command)).replaceAll("\r", "").replaceAll(folder, "…").trim();
      if (wanted !== "") expect(printed, command).toBe(wanted);
    }
  }
}

/** What a command prints; of those that are meant to fail too. */
async function inShell(command: string): Promise<string> {
  const here = command
    .replaceAll("http://127.0.0.1:8501", gateway?.rest ?? "")
    .replaceAll("npx tensorgate status", `npx tensorgate status --url ${gateway?.rest}`)
    .replaceAll("npx tensorgate", `node ${PROGRAM}`)
    .replaceAll("curl -d", "curl -sS -d");
  try {
    return (await run("bash", ["-c", here], { cwd: folder })).stdout;
  } catch (thrown) {
    return (thrown as { readonly stdout: string }).stdout;
  }
}
