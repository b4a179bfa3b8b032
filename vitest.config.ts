import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.spec.ts"],
    globalSetup: ["./test/setup/prepare.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A shared machine may stand still for seconds. Who needs the second try is named at the end.
    retry: process.env["CI"] === undefined ? 0 : 1,
    expect: { poll: { timeout: 15_000 } },
    reporters: ["default", "./test/setup/summary.ts"],
  },
});
