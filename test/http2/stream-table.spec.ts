import { expect, test } from "vitest";
import type { Stream } from "../../http2/stream.ts";
import { StreamTable } from "../../http2/stream-table.ts";

function stream(id: number): Stream {
  return {
    id,
    listener: { onFields() {}, onData() {}, onReset() {} } as unknown as Stream["listener"],
    sendWindow: 0,
    unacknowledged: 0,
    remoteEnded: false,
    localEnded: false,
    open: true,
    queue: [],
  };
}

test.each([
  { what: "one after the other", step: 2, span: 400 },
  { what: "far apart, so that many want the same slot", step: 64, span: 400 },
  { what: "just around a table's end", step: 30, span: 60 },
])("the table of streams is the same as a Map after any turns, with numbers $what", ({ step, span }) => {
  const table = new StreamTable();
  const map = new Map<number, Stream>();
  let state = 11;
  for (let turn = 0; turn < 20_000; turn++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    const id = 1 + step * ((state >> 4) % span);
    expect(table.get(id)).toBe(map.get(id));
    if ((state >> 16) % 3 === 0) {
      const one = stream(id);
      table.add(one);
      map.set(id, one);
    } else {
      expect(table.delete(id)).toBe(map.delete(id));
    }
    expect(table.size).toBe(map.size);
  }
  expect(new Set(table.items())).toEqual(new Set(map.values()));
});
