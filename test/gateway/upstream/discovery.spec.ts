import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import type { PoolEntry } from "../../../config/index.ts";
import { silentLogger } from "../../../core/index.ts";
import { Discovery, type Lookup, systemLookup } from "../../../gateway/upstream/discovery.ts";
import { memoryLog } from "../setup/log.ts";

/** A directory of names that a test changes as it likes. */
function names(first: Readonly<Record<string, readonly string[]>>) {
  const known = new Map(Object.entries(first));
  let looks = 0;
  const lookup: Lookup = async (name) => {
    looks++;
    const found = known.get(name);
    if (found === undefined) throw new Error(`ENOTFOUND ${name}`);
    return found;
  };
  return { known, lookup, looks: () => looks };
}

function discover(lookup: Lookup) {
  const told: (readonly PoolEntry[])[] = [];
  const discovery = new Discovery({ lookup, log: silentLogger, onChange: (endpoints) => told.push(endpoints) });
  return {
    discovery,
    told,
    addresses: () => told.at(-1)?.map(({ address, priority }) => `${address} ${priority}`),
    [Symbol.dispose]: () => discovery.close(),
  };
}

const entry = (address: string, priority = 0): PoolEntry => ({ address, priority });

describe("endpoints", () => {
  test("that are named are told at once, each once, with its lowest priority", () => {
    using found = discover(names({}).lookup);
    found.discovery.apply({ endpoints: [entry("a:1", 2), entry("b:1"), entry("a:1", 1)], dns: [], refreshMs: 10 });
    expect(found.addresses()).toEqual(["a:1 1", "b:1 0"]);
  });

  test("are all addresses of a name, IPv6 in brackets", async () => {
    const { lookup } = names({ headless: ["10.0.0.2", "10.0.0.1", "fd00::1"] });
    using found = discover(lookup);
    found.discovery.apply({ endpoints: [entry("a:1")], dns: [entry("headless:8500", 3)], refreshMs: 10 });
    expect(found.addresses()).toEqual(["a:1 0"]);
    await expect.poll(found.addresses).toEqual(["a:1 0", "10.0.0.1:8500 3", "10.0.0.2:8500 3", "[fd00::1]:8500 3"]);
  });

  test("follow the name, and are told only when they are others", async () => {
    const { known, lookup, looks } = names({ headless: ["10.0.0.1"] });
    using found = discover(lookup);
    found.discovery.apply({ endpoints: [], dns: [entry("headless:8500")], refreshMs: 10 });
    await expect.poll(looks).toBeGreaterThan(3);
    known.set("headless", ["10.0.0.2", "10.0.0.1"]);
    await expect.poll(found.addresses).toEqual(["10.0.0.1:8500 0", "10.0.0.2:8500 0"]);
    known.set("headless", ["10.0.0.2"]);
    await expect.poll(found.addresses).toEqual(["10.0.0.2:8500 0"]);
    expect(found.told).toHaveLength(4);
  });

  test("stay while the name cannot be looked up, which is logged once", async () => {
    const { known, lookup, looks } = names({ headless: ["10.0.0.1"] });
    const { log, lines } = memoryLog();
    const told: (readonly PoolEntry[])[] = [];
    const discovery = new Discovery({ lookup, log, onChange: (endpoints) => told.push(endpoints) });
    discovery.apply({ endpoints: [], dns: [entry("headless:8500")], refreshMs: 10 });
    await expect.poll(() => told.at(-1)).toEqual([entry("10.0.0.1:8500")]);
    known.delete("headless");
    const before = looks();
    await expect.poll(looks).toBeGreaterThan(before + 4);
    expect(told.at(-1)).toEqual([entry("10.0.0.1:8500")]);
    known.set("headless", ["10.0.0.1"]);
    await expect.poll(() => lines.filter(({ msg }) => msg === "the name is found again")).toHaveLength(1);
    expect(lines.filter(({ msg }) => msg?.startsWith("the name cannot be looked up"))).toHaveLength(1);
    discovery.close();
  });

  test("of a name that another configuration does not have are gone, and the name is not looked up any more", async () => {
    const { lookup, looks } = names({ headless: ["10.0.0.1"], other: ["10.0.0.9"] });
    using found = discover(lookup);
    found.discovery.apply({ endpoints: [], dns: [entry("headless:8500")], refreshMs: 10 });
    await expect.poll(found.addresses).toEqual(["10.0.0.1:8500 0"]);
    found.discovery.apply({ endpoints: [], dns: [entry("other:1")], refreshMs: 600_000 });
    expect(found.addresses()).toEqual([]);
    await expect.poll(found.addresses).toEqual(["10.0.0.9:1 0"]);
    const before = looks();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(looks()).toBe(before);
  });
});

test("the system finds names without a server, and addresses as they are", async () => {
  const addresses = await systemLookup("localhost");
  const server = createServer().listen(0, addresses[0]);
  await once(server, "listening");
  expect(addresses).toContain((server.address() as AddressInfo).address);
  server.close();
  expect(await systemLookup("192.0.2.7")).toEqual(["192.0.2.7"]);
  await expect(systemLookup("no-such-name.invalid")).rejects.toThrow("ENOTFOUND");
});
