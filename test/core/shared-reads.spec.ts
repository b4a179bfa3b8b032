import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { takeOver } from "../../core/index.ts";

let server: Server;
const accepted: Socket[] = [];

beforeEach(() => {
  accepted.length = 0;
  server = createServer({ allowHalfOpen: true });
});

afterEach(() => {
  for (const socket of accepted) socket.destroy();
  server.close();
});

async function client(take: (socket: Socket) => void): Promise<Socket> {
  server.on("connection", take);
  if (!server.listening) await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

function taken(socket: Socket, onBytes: (bytes: Buffer, socket: Socket) => void): Socket {
  const own = takeOver(socket, (bytes) => onBytes(bytes, own as Socket));
  if (own === undefined) throw new Error("was not taken over");
  accepted.push(own);
  return own;
}

async function count(): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.getConnections((error, connections) => (error === null ? resolve(connections) : reject(error)));
  });
}

/** Both ends of a connection, of which one is taken over. */
async function pair(onBytes: (bytes: Buffer) => void): Promise<{ own: Socket; other: Socket }> {
  let own: Socket | undefined;
  const other = await client((socket) => {
    own = taken(socket, onBytes);
  });
  accepted.push(other);
  await expect.poll(() => own).toBeDefined();
  return { own: own as Socket, other };
}

describe("a connection that is taken over", () => {
  test("gives all bytes in their order, of several clients at once", async () => {
    const sums = new Map<Socket, Buffer[]>();
    const clients: Socket[] = [];
    const sent = Array.from({ length: 4 }, () => randomBytes(300_000));
    const take = (socket: Socket): void => {
      const own = taken(socket, (bytes, from) => sums.get(from)?.push(Buffer.from(bytes)));
      sums.set(own, []);
      own.on("end", () => own.end(Buffer.concat(sums.get(own) ?? [])));
    };
    for (const _ of sent) clients.push(await client(clients.length === 0 ? take : () => {}));
    const echoes = await Promise.all(
      clients.map(async (socket, i) => {
        socket.end(sent[i] ?? "");
        const back: Buffer[] = [];
        for await (const chunk of socket) back.push(chunk as Buffer);
        return Buffer.concat(back);
      }),
    );
    expect(echoes.every((echo, i) => echo.equals(sent[i] as Buffer))).toBe(true);
  });

  test("knows its other side, and counts for its server until it has ended", async () => {
    const { own } = await pair(() => {});
    expect(own.remoteAddress).toBe("127.0.0.1");
    expect(await count()).toBe(1);
    own.destroy();
    await once(own, "close");
    await expect.poll(count).toBe(0);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  test("reads nothing while it is paused, and goes on", async () => {
    let bytes = 0;
    const { own, other } = await pair((some) => (bytes += some.length));
    other.write("before");
    await expect.poll(() => bytes).toBe(6);
    own.pause();
    other.write("after");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(bytes).toBe(6);
    own.resume();
    await expect.poll(() => bytes).toBe(11);
  });

  test("may be given to an HTTP server of Node's, with what has been read", async () => {
    const http = createHttpServer((request, response) => {
      request.on("data", () => {}).on("end", () => response.end(request.url));
    });
    const socket = await client((it) => {
      let given = false;
      taken(it, (bytes, own) => {
        if (given) throw new Error("was read after it had been given away");
        given = true;
        own.unshift(Buffer.from(bytes));
        http.emit("connection", own);
      });
    });
    accepted.push(socket);
    let said = "";
    socket.setEncoding("latin1").on("data", (text) => (said += text));
    socket.write("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
    await expect.poll(() => said).toContain("/first");
    socket.write("POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
    socket.write("x".repeat(200_000));
    await expect.poll(() => said).toContain("/second");
    socket.write("GET /third HTTP/1.1\r\nHost: a\r\n\r\n");
    await expect.poll(() => said).toContain("/third");
  });
});

test("what is no plain socket is not taken over", () => {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  expect(takeOver(stream as Socket, () => {})).toBeUndefined();
});
