import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { loadSettings, parseFlags } from "../../config/index.ts";
import { testWith } from "../setup/programs.ts";
import { ROOT } from "../setup/tensorgate.ts";

testWith("docker-compose")("the compose file is valid, and its gateway's config names its workers", async () => {
  const { stdout } = await promisify(execFile)("docker-compose", ["config", "--services"], { cwd: ROOT });
  const services = stdout.trim().split("\n");
  expect(services.toSorted()).toEqual(["gateway", "prometheus", "worker-1", "worker-2"]);
  const { config } = await loadSettings(parseFlags([`--config=${ROOT}config/compose.yaml`], "serve"));
  expect(config.workers.endpoints).toEqual(["worker-1:8500", "worker-2:8500"]);
});
