import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./tensorgate.ts";

/** The sources of the clients in other languages, a folder for each. */
export const CLIENTS: string = join(ROOT, "test/clients");

/** What is built of them; what it is built from lies in the caches of Maven and Go. */
const BUILT = join(ROOT, "node_modules/.cache/clients");

/** A first build fetches what the client stands on. */
export const BUILD_MS = 300_000;

/** What a program prints. Throws an error with what it printed when it ends otherwise than with 0. */
export async function printed(program: string, args: readonly string[], cwd = CLIENTS): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, maxBuffer: 2 ** 26 });
  return stdout;
}

/** Fetches the Java client's libraries; answers the class path. */
export async function javaClassPath(): Promise<string> {
  const file = join(BUILT, "java-class-path");
  const goal = ["dependency:build-classpath", `-Dmdep.outputFile=${file}`];
  await printed("mvn", ["--quiet", "--batch-mode", ...goal], join(CLIENTS, "java"));
  return readFileSync(file, "utf8");
}

/** Builds grpcurl, without C; answers where it is. */
export async function buildGrpcurl(): Promise<string> {
  const program = join(BUILT, "grpcurl");
  const build = ["go", "build", "-o", program, "github.com/fullstorydev/grpcurl/cmd/grpcurl"];
  await printed("env", ["CGO_ENABLED=0", ...build], join(CLIENTS, "go"));
  return program;
}
