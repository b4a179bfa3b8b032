import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import type { PoolEntry } from "../../../config/index.ts";
import { silentLogger } from "../../../core/index.ts";
import { Discovery } from "../../../gateway/upstream/discovery.ts";
import { type Lookups, lookups as realLookups } from "../../../gateway/upstream/lookup.ts";
import { startNameServer } from "../../setup/name-server.ts";
import { memoryLog } from "../setup/log.ts";

/** A directory of names that a test changes as it likes. */
function names(first: Readonly<Record<string, readonly string[]>>) {
  const known = new Map(Object.entries(first));
  let looks = 0;
  const lookups: Lookups = () => async (name) => {
    looks++;
    const addresses = known.get(name);
    if (addresses === undefined) throw new Error(`ENOTFOUND ${name}`);
    return { addresses, ttlMs: Number.POSITIVE_INFINITY };
  };
  return { known, lookups, looks: () => looks };
}

function discover(lookups: Lookups) {
  const told: (readonly PoolEntry[])[] = [];
  const discovery = new Discovery({ lookups, log: silentLogger, onChange: (endpoints) => told.push(endpoints) });
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
    using found = discover(names({}).lookups);
    found.discovery.apply({
      dnsServers: [],
      endpoints: [entry("a:1", 2), entry("b:1"), entry("a:1", 1)],
      dns: [],
      refreshMs: 10,
    });
    expect(found.addresses()).toEqual(["a:1 1", "b:1 0"]);
  });

  test("are all addresses of a name, IPv6 in brackets", async () => {
    const { lookups } = names({ headless: ["10.0.0.2", "10.0.0.1", "fd00::1"] });
    using found = discover(lookups);
    found.discovery.apply({
      dnsServers: [],
      endpoints: [entry("a:1")],
      dns: [entry("headless:8500", 3)],
      refreshMs: 10,
    });
    expect(found.addresses()).toEqual(["a:1 0"]);
    await expect.poll(found.addresses).toEqual(["a:1 0", "10.0.0.1:8500 3", "10.0.0.2:8500 3", "[fd00::1]:8500 3"]);
  });

  test("follow the name, and are told only when they are others", async () => {
    const { known, lookups, looks } = names({ headless: ["10.0.0.1"] });
    using found = discover(lookups);
    found.discovery.apply({ dnsServers: [], endpoints: [], dns: [entry("headless:8500")], refreshMs: 10 });
    await expect.poll(looks).toBeGreaterThan(3);
    known.set("headless", ["10.0.0.2", "10.0.0.1"]);
    await expect.poll(found.addresses).toEqual(["10.0.0.1:8500 0", "10.0.0.2:8500 0"]);
    known.set("headless", ["10.0.0.2"]);
    await expect.poll(found.addresses).toEqual(["10.0.0.2:8500 0"]);
    expect(found.told).toHaveLength(4);
  });

  test("stay while the name cannot be looked up, which is logged once", async () => {
    const { known, lookups, looks } = names({ headless: ["10.0.0.1"] });
    const { log, lines } = memoryLog();
    const told: (readonly PoolEntry[])[] = [];
    const discovery = new Discovery({ lookups, log, onChange: (endpoints) => told.push(endpoints) });
    discovery.apply({ dnsServers: [], endpoints: [], dns: [entry("headless:8500")], refreshMs: 10 });
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
    const { lookups, looks } = names({ headless: ["10.0.0.1"], other: ["10.0.0.9"] });
    using found = discover(lookups);
    found.discovery.apply({ dnsServers: [], endpoints: [], dns: [entry("headless:8500")], refreshMs: 10 });
    await expect.poll(found.addresses).toEqual(["10.0.0.1:8500 0"]);
    found.discovery.apply({ dnsServers: [], endpoints: [], dns: [entry("other:1")], refreshMs: 600_000 });
    expect(found.addresses()).toEqual([]);
    await expect.poll(found.addresses).toEqual(["10.0.0.9:1 0"]);
    const before = looks();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(looks()).toBe(before);
  });
});

test("addresses that could not be taken over are told again, and the log does not blame the name", async () => {
  const { lookups } = names({ headless: ["10.0.0.1"] });
  const { log, lines } = memoryLog();
  let tries = 0;
  const discovery = new Discovery({
    lookups,
    log,
    onChange: (endpoints) => {
      if (endpoints.length > 0 && ++tries < 3) throw new Error("no more sockets");
    },
  });
  discovery.apply({ endpoints: [], dns: [entry("headless:8500")], dnsServers: [], refreshMs: 10 });
  await expect.poll(() => tries).toBe(3);
  const { length } = lines;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([tries, lines.length]).toEqual([3, length]);
  expect(lines.map(({ msg }) => msg)).toEqual([
    "the name has other addresses",
    "addresses cannot be taken over, they are tried again",
    "addresses cannot be taken over, they are tried again",
  ]);
  expect(lines[1]?.["err"]).toMatchObject({ message: "no more sockets" });
  discovery.close();
});

test("the system finds names without a server, and addresses as they are", async () => {
  const bySystem = realLookups([]);
  const { addresses } = await bySystem("localhost");
  const server = createServer().listen(0, addresses[0]);
  await once(server, "listening");
  expect(addresses).toContain((server.address() as AddressInfo).address);
  server.close();
  expect((await bySystem("192.0.2.7")).addresses).toEqual(["192.0.2.7"]);
  await expect(bySystem("no-such-name.invalid")).rejects.toThrow("ENOTFOUND");
});

describe("a DNS server", () => {
  test("is asked for A and AAAA records, whose shortest time to live counts", async () => {
    await using server = await startNameServer();
    server.names.set("far.test", { A: ["10.0.0.2", "10.0.0.1"], AAAA: ["fd00::1"], ttl: 7 });
    server.names.set("four.test", { A: ["10.0.0.3"] });
    server.names.set("six.test", { AAAA: ["::1"] });
    const look = realLookups([server.address]);
    const found = await look("far.test");
    expect(found.addresses.toSorted()).toEqual(["10.0.0.1", "10.0.0.2", "fd00::1"]);
    expect(found.ttlMs).toBe(7_000);
    expect((await realLookups([server.address])("four.test")).addresses).toEqual(["10.0.0.3"]);
    expect((await realLookups([server.address])("six.test")).addresses).toEqual(["::1"]);
    expect((await look("10.0.0.9")).addresses).toEqual(["10.0.0.9"]);
  });

  test("that knows no such name, is broken or silent leaves what was found", { timeout: 30_000 }, async () => {
    await using server = await startNameServer();
    const { log, lines } = memoryLog();
    const told: (readonly PoolEntry[])[] = [];
    const discovery = new Discovery({ lookups: realLookups, log, onChange: (endpoints) => told.push(endpoints) });
    const dnsServers = [server.address];
    discovery.apply({ endpoints: [], dns: [entry("far.test:8500")], dnsServers, refreshMs: 10 });
    const addresses = (): readonly string[] | undefined => told.at(-1)?.map(({ address }) => address);
    const patience = { timeout: 20_000 };
    await expect.poll(() => lines.length, patience).toBe(1);
    expect(addresses()).toEqual([]);
    server.names.set("far.test", { A: ["10.0.0.1"], AAAA: ["fd00::1"] });
    await expect.poll(addresses, patience).toEqual(["10.0.0.1:8500", "[fd00::1]:8500"]);

    for (const answer of [{ rcode: 2 }, { rcode: 3 }, { rcode: 5 }, {}, { silent: true }]) {
      const failures = (): number => lines.filter(({ msg }) => msg?.includes("cannot be looked up")).length;
      const before = failures();
      server.names.set("far.test", answer);
      await expect.poll(failures, patience).toBe(before + 1);
      expect(addresses()).toEqual(["10.0.0.1:8500", "[fd00::1]:8500"]);
      server.names.set("far.test", { A: ["10.0.0.1"], AAAA: ["fd00::1"] });
      await expect.poll(() => lines.at(-1)?.msg, patience).toBe("the name is found again");
    }
    server.names.set("far.test", { A: ["10.0.0.2"], only: "AAAA", rcode: 2 });
    await expect.poll(addresses, patience).toEqual(["10.0.0.2:8500", "[fd00::1]:8500"]);
    // As dnsmasq does for a name of which it has A records alone.
    server.names.set("far.test", { A: ["10.0.0.2"], only: "AAAA", rcode: 5 });
    await expect.poll(addresses, patience).toEqual(["10.0.0.2:8500"]);
    discovery.close();
  });

  test("is asked again when its records are no longer good, and another one by another configuration", async () => {
    await using one = await startNameServer();
    await using two = await startNameServer();
    one.names.set("far.test", { A: ["10.0.0.1"], ttl: 1 });
    two.names.set("far.test", { A: ["10.0.0.2"], ttl: 3_600 });
    using found = discover(realLookups);
    const sources = { endpoints: [], dns: [entry("far.test:8500")], refreshMs: 3_600_000 };
    found.discovery.apply({ ...sources, dnsServers: [one.address] });
    await expect.poll(found.addresses).toEqual(["10.0.0.1:8500 0"]);
    one.names.set("far.test", { A: ["10.0.0.3"], ttl: 1 });
    await expect.poll(found.addresses, { timeout: 10_000 }).toEqual(["10.0.0.3:8500 0"]);
    found.discovery.apply({ ...sources, dnsServers: [two.address] });
    expect(found.addresses()).toEqual(["10.0.0.3:8500 0"]);
    await expect.poll(found.addresses).toEqual(["10.0.0.2:8500 0"]);
  });
});
