import type { Server } from "node:http";
import type { Socket } from "node:net";
import { takeOver } from "../core/index.ts";
import { answerHeads } from "./answer-head.ts";
import { FrontConnection, type FrontParts } from "./connection.ts";
import type { FrontOptions } from "./front-options.ts";

/** Ends with the server that it stands before. */
export interface HttpFront {
  /** Asks for the route of each connection's next head, be it one that it has sent before. */
  forgetHeads(): void;
  /** Ends connections on which nothing is under way. */
  closeIdle(): void;
  /** Ends all that is under way. */
  destroy(): void;
}

/**
 * Stands before a server of node:http. Plain requests are read and answered here, straight from and to the socket, at a small
 * part of what such a server takes for one; a connection that sends anything else is given to it for good, from that request
 * on. What is plain is read as the server would read it, so that it makes no difference who does.
 */
export function standBefore<Route>(server: Server, options: FrontOptions<Route>): HttpFront {
  const { timeouts } = options;
  const behind = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  const give = (socket: Socket): void => {
    for (const listener of behind) listener.call(server, socket);
  };
  const connections = new Set<FrontConnection<Route>>();
  const parts: FrontParts<Route> = {
    ...options,
    headOf: answerHeads(timeouts.keepAliveMs),
    nowMs: 0,
    left: (connection) => {
      connections.delete(connection);
      if (connections.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
    handOver(socket, unread) {
      // Nothing flows until there is who reads it.
      socket.pause();
      socket.unshift(unread);
      give(socket);
      socket.resume();
    },
  };
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    parts.nowMs = performance.now();
    for (const connection of connections) connection.look();
  };
  server.on("connection", (accepted: Socket) => {
    const socket = takeOver(accepted, (bytes) => connection.take(bytes));
    if (socket === undefined) return give(accepted);
    if (timer === undefined) {
      parts.nowMs = performance.now();
      timer = setInterval(look, timeouts.lookMs).unref();
    }
    const connection = new FrontConnection(socket, parts);
    connections.add(connection);
  });
  return {
    forgetHeads() {
      for (const connection of connections) connection.forgetHead();
    },
    closeIdle() {
      for (const connection of connections) if (connection.idle) connection.destroy();
    },
    destroy() {
      for (const connection of connections) connection.destroy();
    },
  };
}
