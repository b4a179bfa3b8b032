import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { entryName, writeNote } from "../../../worker/runtime/cache.ts";
import { locateRuntime, removeRuntime } from "../../../worker/runtime/index.ts";
import { thisPlatform, wheelFor } from "../../../worker/runtime/platform.ts";
import { FRAMEWORK, fakeProgram, fakeSitePackages, fakeWheel, MAIN, scratch } from "./support.ts";

interface Machine {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly said: string[];
  readonly locate: (more?: NodeJS.ProcessEnv, gpu?: boolean) => ReturnType<typeof locateRuntime>;
}

/** An empty home, and a Python that finds what is in `site`. */
async function machine(site?: string): Promise<Machine> {
  const folder = await scratch();
  const said: string[] = [];
  const packages = { tensorflow: site ? [join(site, "tensorflow")] : [], nvidia: site ? [join(site, "nvidia")] : [] };
  await fakeProgram(join(folder, "bin"), "python3", `echo '${JSON.stringify(packages)}'`);
  const env = { PATH: join(folder, "bin"), HOME: folder, XDG_CACHE_HOME: join(folder, "cache") };
  const locate: Machine["locate"] = (more = {}, gpu = false) =>
    locateRuntime({ env: { ...env, ...more }, gpu, say: (line) => void said.push(line) });
  return { folder, env, said, locate };
}

async function fillCache(env: NodeJS.ProcessEnv): Promise<string> {
  const wheel = wheelFor(thisPlatform(), false);
  const folder = join(env["XDG_CACHE_HOME"] ?? "", "tensorgate", "tensorflow", entryName(wheel.file, wheel.sha256));
  await mkdir(folder, { recursive: true });
  for (const file of [FRAMEWORK, MAIN]) await writeFile(join(folder, file), file);
  await writeNote(
    folder,
    { folder, frameworkFile: FRAMEWORK, mainFile: MAIN },
    { version: "2.21.0", wheel: wheel.file, sha256: wheel.sha256 },
  );
  return folder;
}

describe("TENSORGATE_TENSORFLOW", () => {
  for (const { name, at } of [
    { name: "the package's folder", at: "tensorflow" },
    { name: "the site-packages above it", at: "." },
  ]) {
    test(`may name ${name}`, async () => {
      const site = await fakeSitePackages(await scratch(), "tensorflow_cpu-2.20.0");
      const found = await (await machine()).locate({ TENSORGATE_TENSORFLOW: join(site, at) });
      expect(found).toEqual({
        folder: join(site, "tensorflow"),
        frameworkFile: FRAMEWORK,
        mainFile: MAIN,
        version: "2.20.0",
        origin: "env",
        extraLibraryPaths: [],
      });
    });
  }

  test("may name a bare folder of libraries, of the C API's own archive too", async () => {
    const folder = await scratch();
    await mkdir(join(folder, "lib"));
    for (const file of [FRAMEWORK, "libtensorflow.so.2"]) await writeFile(join(folder, "lib", file), "");
    const found = await (await machine()).locate({ TENSORGATE_TENSORFLOW: folder });
    expect(found).toMatchObject({ folder: join(folder, "lib"), mainFile: "libtensorflow.so.2", version: "unknown" });
  });

  test("may name a wheel file, which is unpacked into the cache", async () => {
    const { folder, locate } = await machine();
    const { wheel, bytes } = fakeWheel();
    await writeFile(join(folder, wheel.file), bytes);
    const found = await locate({ TENSORGATE_TENSORFLOW: join(folder, wheel.file) });
    expect(found).toMatchObject({
      origin: "env",
      version: "2.21.0",
      folder: expect.stringContaining(join(folder, "cache", "tensorgate")),
    });
  });

  test("that names nothing usable is an error, whatever else there is", async () => {
    const { folder, env, locate } = await machine(await fakeSitePackages(await scratch(), "tensorflow-2.21.0"));
    await fillCache(env);
    await expect(locate({ TENSORGATE_TENSORFLOW: join(folder, "gone") })).rejects.toThrow(/gone, which is not there/);
    await expect(locate({ TENSORGATE_TENSORFLOW: join(folder, "bin") })).rejects.toThrow(/holds no TensorFlow library/);
  });
});

describe("the order", () => {
  test("what the environment names, then the cache, then Python's, then nothing", async () => {
    const site = await fakeSitePackages(await scratch(), "tensorflow-2.21.0");
    const { folder, env, locate } = await machine(site);
    const cached = await fillCache(env);
    expect(await locate({ TENSORGATE_TENSORFLOW: site })).toMatchObject({ origin: "env" });
    expect(await locate()).toMatchObject({ origin: "cache", folder: cached, version: "2.21.0" });
    await rm(cached, { recursive: true });
    expect(await locate()).toMatchObject({ origin: "python", folder: join(site, "tensorflow") });
    expect(await locate({ PATH: join(folder, "nothing") })).toBeUndefined();
  });

  test("a cache entry that was damaged does not count", async () => {
    const { env, locate } = await machine();
    await writeFile(join(await fillCache(env), MAIN), "cut");
    expect(await locate()).toBeUndefined();
  });
});

describe("a Python TensorFlow", () => {
  test("that is too old is passed over, with a word", async () => {
    const { said, locate } = await machine(await fakeSitePackages(await scratch(), "tensorflow-2.15.1"));
    expect(await locate()).toBeUndefined();
    expect(said).toEqual([expect.stringMatching(/Passing over the TensorFlow 2\.15\.1 .*older than 2\.16/)]);
  });

  test("without GPU support is passed over when a GPU is asked for", async () => {
    const { said, locate } = await machine(await fakeSitePackages(await scratch(), "tensorflow_cpu-2.21.0"));
    expect(await locate({}, true)).toBeUndefined();
    expect(said).toEqual([expect.stringMatching(/no GPU support/)]);
  });

  test("brings the CUDA libraries that lie beside it", async () => {
    const site = await fakeSitePackages(await scratch(), "tensorflow-2.21.0");
    for (const name of ["cublas", "cudnn", "nothing"])
      await mkdir(join(site, "nvidia", name, "lib"), { recursive: true });
    await writeFile(join(site, "nvidia", "cublas", "lib", "libcublas.so.12"), "");
    await writeFile(join(site, "nvidia", "cudnn", "lib", "libcudnn.so.9"), "");
    const { said, locate } = await machine(site);
    const found = await locate({}, true);
    expect(found?.extraLibraryPaths).toEqual([
      join(site, "nvidia", "cublas", "lib"),
      join(site, "nvidia", "cudnn", "lib"),
    ]);
    expect(said).toEqual([]);
    expect((await locate())?.extraLibraryPaths).toEqual([]);
  });

  test("without CUDA libraries beside it says what to install", async () => {
    const { said, locate } = await machine(await fakeSitePackages(await scratch(), "tensorflow-2.21.0"));
    expect(await locate({}, true)).toMatchObject({ extraLibraryPaths: [] });
    expect(said).toEqual([expect.stringContaining('pip install "tensorflow[and-cuda]"')]);
  });
});

test("removing takes the cache and nothing else", async () => {
  const site = await fakeSitePackages(await scratch(), "tensorflow-2.21.0");
  const { folder, env } = await machine(site);
  await fillCache(env);
  expect(await removeRuntime({ env })).toBe(join(folder, "cache", "tensorgate", "tensorflow"));
  expect(await removeRuntime({ env })).toBeUndefined();
  expect(await readdir(join(site, "tensorflow"))).toHaveLength(2);
});
