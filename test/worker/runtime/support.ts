import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { Workshop } from "../../../worker/runtime/install.ts";
import { lines } from "../../../worker/runtime/progress.ts";
import type { Wheel } from "../../../worker/runtime/wheels.ts";

export const FRAMEWORK = "libtensorflow_framework.so.2";
export const MAIN = "libtensorflow_cc.so.2";

/** A folder of its own for each test, removed after it. */
export async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tensorgate-runtime-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A wheel as TensorFlow's are laid out, a few hundred kilobytes long. */
export function fakeWheel(file = "tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl"): {
  wheel: Wheel;
  bytes: Buffer;
} {
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919 + (i >> 3)) % 251));
  const bytes = zip({
    "tensorflow/__init__.py": Buffer.from("raise SystemExit"),
    [`tensorflow/${FRAMEWORK}`]: Buffer.from("framework"),
    [`tensorflow/${MAIN}`]: noise,
    [`tensorflow/include/${MAIN}`]: Buffer.from("not this one"),
    "tensorflow_cpu-2.21.0.dist-info/METADATA": Buffer.from("Version: 2.21.0"),
  });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const unpackedBytes = noise.length + "framework".length;
  return {
    wheel: { project: "tensorflow-cpu", version: "2.21.0", file, sha256, bytes: bytes.length, unpackedBytes },
    bytes,
  };
}

/** A zip archive (APPNOTE 4.3): each file with its header, then the list of all, then where the list is. */
export function zip(files: Record<string, Buffer>): Buffer {
  const bodies: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26); // from "version needed" to "extra field length", the same in both headers
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(offset, 10);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    list.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, entry, Buffer.from(name)]));
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(list.length, 8);
  end.writeUInt16LE(list.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, central, end]);
}

export interface FakeIndex {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  /** What answers a request for a file; tests replace it. */
  serveFile: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A PEP 503 index on a port of its own, with one project. */
export async function startIndex(wheel: Wheel, bytes: Buffer, page?: string): Promise<FakeIndex> {
  const index = {
    url: "",
    asked: [] as string[],
    serveFile: (_: IncomingMessage, response: ServerResponse) => void response.end(bytes),
  };
  const html =
    page ??
    `<!DOCTYPE html><html><body><a href="../../files/other.whl">other.whl</a><br/>
    <a class="x" href="../../files/${wheel.file}?a=1&amp;b=2#sha256=${wheel.sha256}" data-requires-python="&gt;=3.10">${wheel.file}</a></body></html>`;
  const server = createServer((request, response) => {
    index.asked.push(request.url ?? "");
    if (request.url === `/simple/${wheel.project}/`) response.setHeader("content-type", "text/html").end(html);
    else if (request.url?.startsWith(`/files/${wheel.file}`)) index.serveFile(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  index.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
  return index;
}

/** An installation into `cache` from an index, with nothing of this machine's own in its way. */
export function shopFor(
  cache: string,
  index: string,
  more: Partial<Workshop> = {},
): Workshop & { readonly said: string[] } {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  return { cache, env: { PATH: "/nowhere", PIP_INDEX_URL: index }, say, progress: lines(say), said, ...more };
}

/** A program of this name in a folder for PATH, as a shell script. */
export async function fakeProgram(folder: string, name: string, script: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

/** An installed TensorFlow package as far as files go; answers its site-packages. */
export async function fakeSitePackages(parent: string, distribution: string): Promise<string> {
  const site = join(parent, "site-packages");
  await mkdir(join(site, "tensorflow"), { recursive: true });
  await mkdir(join(site, `${distribution}.dist-info`));
  await mkdir(join(site, "tensorflow_serving_api-1.0.0.dist-info"));
  for (const file of [FRAMEWORK, MAIN]) await writeFile(join(site, "tensorflow", file), file);
  return site;
}
