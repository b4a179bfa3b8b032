import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { startGrpc } from "../setup/grpc.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const NO_SETTINGS = [0, 0, 0, 4, 0, 0, 0, 0, 0];
/** HEADERS of stream 1 that name a header of a table that has no such row. */
const BROKEN_HEADERS = [0, 0, 1, 1, 4, 0, 0, 0, 1, 0xff];
const GOAWAY = 7;

afterEach(() => void vi.useRealTimers());

/** Node stops reading such a connection, so that it learns of no end; only a ping that stays without answer tells. */
test("a connection that broken frames have left behind ends once nobody answers a ping", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await using grpc = await startGrpc();
  const port = Number(grpc.client.getChannel().getTarget().split(":").at(-1));
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const types: number[] = [];
  socket.on("data", (frame: Buffer) => {
    for (let at = 0; at < frame.length; at += 9 + frame.readUIntBE(at, 3)) types.push(frame[at + 3] as number);
  });
  const closed = once(socket, "close");
  socket.write(PREFACE);
  socket.end(Buffer.from([...NO_SETTINGS, ...BROKEN_HEADERS]));
  await vi.waitFor(() => expect(types).toContain(GOAWAY));
  vi.advanceTimersByTime(7_200_000);
  vi.advanceTimersByTime(20_000);
  await closed;
});
