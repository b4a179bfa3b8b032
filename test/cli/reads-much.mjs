// Reads 600 MB of a socket, holds the last 20 MB of it beside a small heap, and prints how often all of the heap was
// collected. With an argument: after that module's `letHeapGrow` was called.
import { connect, createServer } from "node:net";
import { constants, PerformanceObserver } from "node:perf_hooks";

const [module] = process.argv.slice(2);
if (module !== undefined) (await import(module)).letHeapGrow();

let collections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections++;
}).observe({ entryTypes: ["gc"] });

const heap = Array.from({ length: 200_000 }, (_, i) => ({ text: String(i) }));
const chunk = Buffer.alloc(2 ** 20);
let left = 600;
const server = createServer((socket) => {
  const send = () => {
    while (left-- > 0) if (!socket.write(chunk)) return;
    socket.end();
  };
  socket.on("drain", send);
  send();
});
server.listen(0, "127.0.0.1", () => {
  const held = [];
  let at = 0;
  connect(server.address().port, "127.0.0.1")
    .on("data", (bytes) => {
      held[at++ % 320] = bytes;
      // V8 looks at what young memory holds outside of the heap when it makes such memory itself.
      held.last = new ArrayBuffer(16);
    })
    .on("end", () => {
      server.close();
      setTimeout(() => process.stdout.write(`${collections} ${heap.length}\n`), 50);
    });
});
