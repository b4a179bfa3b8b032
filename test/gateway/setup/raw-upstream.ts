import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** What stands where an upstream should, and sees and sends bytes. */
export interface RawUpstream extends AsyncDisposable {
  readonly origin: string;
  /** All that has come, over whatever connections. */
  readonly received: () => string;
}

/** Answers each connection's first request, as soon as its head and `bodyBytes` more are there, by these bytes, and ends it. */
export async function startRawUpstream(answer: string, bodyBytes = 0): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    const at = heard.push("") - 1;
    let answered = false;
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      heard[at] += bytes.toString("latin1");
      const headEnd = (heard[at] ?? "").indexOf("\r\n\r\n");
      if (answered || headEnd === -1 || (heard[at] ?? "").length < headEnd + 4 + bodyBytes) return;
      answered = true;
      socket.end(answer, "latin1");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => heard.join(""),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
