import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { ROOT } from "../setup/tensorgate.ts";

test("the package has what the program reads, and nothing of how it is made", () => {
  const listed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(listed.toString()) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  for (const needed of [
    "dist/cli/main.js",
    "config/default.yaml",
    "config/tensorgate.schema.json",
    "protos/tensorflow_serving/apis/prediction_service.proto",
    "examples/models/half_plus_two/00000123/saved_model.pb",
    "LICENSE",
    "README.md",
  ]) {
    expect(paths).toContain(needed);
  }
  expect(paths.filter((path) => /^(dist\/bench|dist\/\.tsbuildinfo|test|bench|node_modules|\.)/.test(path))).toEqual(
    [],
  );
});
