import { describe, expect, test } from "vitest";
import { type Version, version } from "../../../core/index.ts";
import { nextAction, type VersionView } from "../../../worker/lifecycle/policy.ts";

interface Row extends VersionView {
  readonly version: Version;
}

function v(number: number, is: VersionView["is"], wanted: "wanted" | "unwanted"): Row {
  return { version: version(number), is, wanted: wanted === "wanted" };
}

describe("the next action for a model's versions", () => {
  const cases: readonly { name: string; versions: readonly Row[]; want: readonly [string, number] | undefined }[] = [
    { name: "does nothing for a model without versions", versions: [], want: undefined },
    { name: "loads what is new", versions: [v(1, "new", "wanted")], want: ["load", 1] },
    {
      name: "loads the highest first",
      versions: [v(2, "new", "wanted"), v(3, "new", "wanted"), v(1, "new", "wanted")],
      want: ["load", 3],
    },
    {
      name: "loads the new version before the old one goes",
      versions: [v(1, "available", "unwanted"), v(2, "new", "wanted")],
      want: ["load", 2],
    },
    {
      name: "keeps the old version until a wanted one answers",
      versions: [v(1, "available", "unwanted"), v(2, "loading", "wanted")],
      want: undefined,
    },
    {
      name: "unloads the old version once a wanted one answers",
      versions: [v(1, "available", "unwanted"), v(2, "available", "wanted")],
      want: ["unload", 1],
    },
    {
      // 5 -> {1}: a roll back; the number says nothing about what is wanted.
      name: "unloads a higher version too",
      versions: [v(5, "available", "unwanted"), v(1, "available", "wanted")],
      want: ["unload", 5],
    },
    {
      name: "keeps the old version when the wanted one has failed",
      versions: [v(1, "available", "unwanted"), v(2, "failed", "wanted")],
      want: undefined,
    },
    {
      name: "keeps the old version while the wanted one waits for its next try",
      versions: [v(1, "available", "unwanted"), v(2, "waiting", "wanted")],
      want: undefined,
    },
    {
      name: "unloads everything when nothing is wanted",
      versions: [v(1, "available", "unwanted"), v(2, "available", "unwanted")],
      want: ["unload", 1],
    },
    {
      name: "frees memory before it takes more",
      versions: [v(1, "available", "unwanted"), v(2, "available", "wanted"), v(3, "new", "wanted")],
      want: ["unload", 1],
    },
    { name: "drops a version that was never loaded", versions: [v(1, "new", "unwanted")], want: ["drop", 1] },
    { name: "drops a version that waits for its next try", versions: [v(1, "waiting", "unwanted")], want: ["drop", 1] },
    { name: "drops a version that has failed", versions: [v(1, "failed", "unwanted")], want: ["drop", 1] },
    {
      // It can't be stopped, and may serve until a wanted one does.
      name: "lets a load that is no longer wanted run to its end",
      versions: [v(1, "loading", "unwanted"), v(2, "loading", "wanted")],
      want: undefined,
    },
    {
      name: "leaves alone what is unloading or ended",
      versions: [v(1, "unloading", "unwanted"), v(2, "ended", "unwanted"), v(3, "available", "wanted")],
      want: undefined,
    },
    {
      // The base path has changed: the same number from another folder.
      name: "swaps two of one number like any two",
      versions: [v(1, "available", "unwanted"), v(1, "available", "wanted")],
      want: ["unload", 1],
    },
  ];
  for (const { name, versions, want } of cases) {
    test(name, () => {
      const action = nextAction(versions);
      expect(action && [action.do, Number(action.it.version)]).toEqual(want);
      if (action?.do === "unload") expect(action.it.wanted).toBe(false);
    });
  }
});
