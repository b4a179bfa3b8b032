import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { PROGRAM } from "../setup/tensorgate.ts";

/** Starts a program in a terminal, closes that once the program listens, and prints how it has ended. */
const IN_TERMINAL = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"listening" not in seen: seen += os.read(terminal, 65536)
os.kill(pid, 1)
while b"config unchanged" not in seen: seen += os.read(terminal, 65536)
os.close(terminal)
for _ in range(400):
    done, status = os.waitpid(pid, os.WNOHANG)
    if done: sys.exit(print("ended by", status))
    time.sleep(0.05)
os.kill(pid, 9)
print("lives on")
`;

test("SIGHUP is a reload in a terminal too, but the end once that has closed", { timeout: 60_000 }, async () => {
  const flags = ["--host=127.0.0.1", "--port=any", "--rest_api_port=any", "--workers=1"];
  const args = ["-c", IN_TERMINAL, process.execPath, PROGRAM, "serve", ...flags];
  const { stdout } = await promisify(execFile)("python3", args);
  expect(stdout.trim()).toBe("ended by 1");
});
