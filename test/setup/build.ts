import { execFileSync } from "node:child_process";

/** Tests fork real workers from `dist/`, so it must hold what the sources say. */
export default function build(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
}
