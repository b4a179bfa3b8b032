import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { install, installFile } from "../../../worker/runtime/install.ts";
import { FRAMEWORK, fakeProgram, fakeWheel, MAIN, scratch, shopFor, startIndex } from "./support.ts";

const { wheel, bytes } = fakeWheel();

describe("installing from an index", () => {
  test("fetches once, unpacks the two libraries and nothing else", async () => {
    const cache = join(await scratch(), "deep", "cache");
    const index = await startIndex(wheel, bytes);
    const shop = shopFor(cache, index.url);
    const entry = await install(wheel, shop);
    expect(entry).toMatchObject({ version: "2.21.0", frameworkFile: FRAMEWORK, mainFile: MAIN });
    expect((await readdir(entry.folder)).sort()).toEqual(["entry.json", MAIN, FRAMEWORK]);
    expect((await readFile(join(entry.folder, MAIN))).length).toBe(300_000);
    expect(await readdir(cache)).toHaveLength(1);
    expect(await install(wheel, shop)).toEqual(entry);
    expect(index.asked).toEqual([`/simple/${wheel.project}/`, `/files/${wheel.file}?a=1&b=2`]);
    expect(shop.said.at(0)).toMatch(/^Fetching TensorFlow 2\.21\.0 \(1 MB\) from 127\.0\.0\.1:\d+ into /);
    expect(shop.said).toContain("download: 100% of 1 MB");
  });

  test("by several at the same time downloads once", async () => {
    const cache = await scratch();
    const index = await startIndex(wheel, bytes);
    const shops = [1, 2, 3, 4].map(() => shopFor(cache, index.url));
    const entries = await Promise.all(shops.map((shop) => install(wheel, shop)));
    expect(new Set(entries.map((entry) => entry.folder)).size).toBe(1);
    expect(index.asked).toHaveLength(2);
    expect(shops.flatMap((shop) => shop.said).filter((line) => line.startsWith("Waiting for process"))).toHaveLength(3);
    expect(await readdir(cache)).toHaveLength(1);
  });

  test("refuses what has another checksum, and keeps nothing of it", async () => {
    const cache = await scratch();
    const index = await startIndex(wheel, bytes);
    index.serveFile = (_, response) => void response.end(Buffer.alloc(bytes.length, 7));
    await expect(install(wheel, shopFor(cache, index.url))).rejects.toThrow(/SHA-256 is [0-9a-f]{64}, wanted/);
    expect(await readdir(cache)).toEqual([]);
  });

  test("that breaks in the middle leaves nothing, and works the next time", async () => {
    const cache = await scratch();
    const index = await startIndex(wheel, bytes);
    index.serveFile = (_, response) => {
      response.setHeader("content-length", bytes.length);
      response.write(bytes.subarray(0, 1000), () => response.destroy());
    };
    await expect(install(wheel, shopFor(cache, index.url))).rejects.toThrow(
      /Cannot fetch TensorFlow's library from 127\.0\.0\.1/,
    );
    expect(await readdir(cache)).toEqual([]);
    index.serveFile = (_, response) => void response.end(bytes);
    expect((await install(wheel, shopFor(cache, index.url))).version).toBe("2.21.0");
  });

  test("that is given up stops at once and leaves nothing", async () => {
    const cache = await scratch();
    const index = await startIndex(wheel, bytes);
    const giveUp = new AbortController();
    index.serveFile = (_, response) => void response.write(bytes.subarray(0, 1000), () => giveUp.abort());
    await expect(install(wheel, shopFor(cache, index.url, { signal: giveUp.signal }))).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(await readdir(cache)).toEqual([]);
  });

  test("by a process that is killed is taken over by the next, which clears up", async () => {
    const cache = await scratch();
    const index = await startIndex(wheel, bytes);
    const reached = new Promise<void>((resolve) => {
      index.serveFile = (_, response) => void response.write(bytes.subarray(0, 1000), () => resolve());
    });
    const module = JSON.stringify(new URL("../../../dist/worker/runtime/install.js", import.meta.url).href);
    const shop = `{ cache: ${JSON.stringify(cache)}, env: { PIP_INDEX_URL: ${JSON.stringify(index.url)} }, say() {}, progress: { start() {}, at() {}, end() {} } }`;
    const script = `import(${module}).then(({ install }) => install(${JSON.stringify(wheel)}, ${shop}))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: "inherit" });
    await reached;
    child.kill("SIGKILL");
    await once(child, "exit");
    expect((await readdir(cache)).map((name) => name.slice(0, 7)).sort()).toEqual(["lock", "partial"]);
    index.serveFile = (_, response) => void response.end(bytes);
    expect((await install(wheel, shopFor(cache, index.url))).version).toBe("2.21.0");
    expect(await readdir(cache)).toHaveLength(1);
  });

  test("makes an entry anew whose file was cut short", async () => {
    const cache = await scratch();
    const index = await startIndex(wheel, bytes);
    const { folder } = await install(wheel, shopFor(cache, index.url));
    await truncate(join(folder, MAIN), 10);
    await install(wheel, shopFor(cache, index.url));
    expect((await readFile(join(folder, MAIN))).length).toBe(300_000);
  });

  test("asks for room before it begins", async () => {
    const cache = await scratch();
    const index = await startIndex(wheel, bytes);
    const shop = shopFor(cache, index.url, { freeBytes: async () => 1000 });
    await expect(install(wheel, shop)).rejects.toThrow(/needs 1 MB in .* 1 MB are free.*XDG_CACHE_HOME/);
    expect(index.asked).toEqual([]);
  });

  test("into a place that cannot be written says so", async () => {
    const file = join(await scratch(), "file");
    await writeFile(file, "in the way");
    const shop = shopFor(join(file, "cache"), "http://127.0.0.1:1/simple");
    await expect(install(wheel, shop)).rejects.toThrow(
      /Cannot write TensorFlow's library into .*file\/cache: .*XDG_CACHE_HOME/,
    );
  });

  test("without a network names the host and the way out", async () => {
    const cache = await scratch();
    const shop = shopFor(cache, "http://127.0.0.1:9/simple");
    await expect(install(wheel, shop)).rejects.toThrow(
      /from 127\.0\.0\.1:9 \(.+\).*TENSORGATE_TENSORFLOW.*PIP_INDEX_URL/,
    );
    expect(await readdir(cache)).toEqual([]);
  });

  test("from an index that lacks the file says so", async () => {
    const index = await startIndex(wheel, bytes, "<html></html>");
    await expect(install(wheel, shopFor(await scratch(), index.url))).rejects.toThrow(`does not offer ${wheel.file}`);
  });

  test("from an index that fails gives its status", async () => {
    const index = await startIndex(wheel, bytes);
    index.serveFile = (_, response) => void response.writeHead(503).end();
    await expect(install(wheel, shopFor(await scratch(), index.url))).rejects.toThrow(/answered 503/);
  });

  test("sends the index's user and password to it", async () => {
    const index = await startIndex(wheel, bytes);
    let authorization: string | undefined;
    index.serveFile = (request, response) => {
      authorization = request.headers.authorization;
      response.end(bytes);
    };
    await install(wheel, shopFor(await scratch(), index.url.replace("http://", "http://me:p%40ss@")));
    expect(authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  });
});

/** Behind a proxy, with this script as the machine's Python. */
async function behind(script: string): Promise<ReturnType<typeof shopFor>> {
  const folder = await scratch();
  await fakeProgram(join(folder, "bin"), "python3", script);
  const env = {
    PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
    PIP_INDEX_URL: "https://index.invalid/simple",
    HTTPS_PROXY: "http://proxy.invalid:3128",
  };
  return shopFor(join(folder, "cache"), "", { env });
}

describe("installing behind a proxy", () => {
  test("lets pip fetch, and checks what it brought", async () => {
    const folder = await scratch();
    const source = join(folder, wheel.file);
    await writeFile(source, bytes);
    const shop = await behind(
      `echo "$@" >> ${folder}/args; while [ "$1" != --dest ]; do shift; done; cp ${source} "$2"`,
    );
    expect((await install(wheel, shop)).version).toBe("2.21.0");
    const args = await readFile(join(folder, "args"), "utf8");
    expect(args).toMatch(
      /-m pip download --no-deps .*--python-version=312 --abi=cp312 --platform=manylinux_2_27_x86_64 tensorflow-cpu==2\.21\.0/,
    );
  });

  test("says what to do when pip fails", async () => {
    await expect(install(wheel, await behind("exit 1"))).rejects.toThrow(/A proxy is set.*TENSORGATE_TENSORFLOW/);
  });
});

describe("installing a wheel file", () => {
  test("unpacks it into the cache, keyed by its checksum", async () => {
    const folder = await scratch();
    const file = join(folder, wheel.file);
    await writeFile(file, bytes);
    const shop = shopFor(join(folder, "cache"), "http://127.0.0.1:1/");
    const entry = await installFile(file, shop);
    expect(entry).toMatchObject({ version: "2.21.0", mainFile: MAIN });
    expect(entry.folder).toContain(wheel.sha256.slice(0, 12));
    expect(await installFile(file, shop)).toEqual(entry);
  });

  test("that is no TensorFlow is refused", async () => {
    const folder = await scratch();
    const file = join(folder, "other-1.0-py3-none-any.whl");
    await writeFile(file, fakeWheel().bytes.subarray(0, 100));
    await expect(installFile(file, shopFor(join(folder, "cache"), ""))).rejects.toThrow(
      /other-1\.0.* cannot be read as a wheel/,
    );
  });
});
