import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

const NAMES = ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"];
const ALLOWED = ["*", "POST, GET", "Content-Type"];

describe("CORS for a list of origins", () => {
  let rest: RestUnderTest;
  beforeAll(async () => {
    rest = await startRest({ cors: ["https://a.example", "http://localhost:3000"] });
  });
  afterAll(() => rest[Symbol.asyncDispose]());

  for (const [origin, allowed] of [
    ["https://a.example", true],
    ["http://localhost:3000", true],
    ["https://b.example", false],
    ["https://a.example:8443", false],
    [undefined, false],
  ] as const) {
    test(`${origin ?? "no origin"} is ${allowed ? "named and allowed" : "not allowed"}`, async () => {
      const headers = origin === undefined ? {} : { origin };
      for (const [method, path] of [
        ["GET", "/v1/models"],
        ["OPTIONS", "/v1/models/half:predict"],
      ] as const) {
        const reply = await rest.ask(method, path, { headers });
        const want = allowed ? [origin, "POST, GET", "Content-Type, Authorization"] : [null, null, null];
        expect(NAMES.map((name) => reply.headers.get(name))).toEqual(want);
        expect(reply.headers.get("vary")).toBe("Origin");
      }
    });
  }
});

for (const cors of [true, false]) {
  describe(`CORS ${cors ? "on" : "off"}`, () => {
    let rest: RestUnderTest;
    beforeAll(async () => {
      rest = await startRest({ cors, monitoringPath: "/v1/monitoring" });
    });
    afterAll(() => rest[Symbol.asyncDispose]());
    const want = cors ? ALLOWED : [null, null, null];

    for (const { name, method, path, body, status } of [
      { name: "an answer", method: "GET", path: "/v1/models", status: 200 },
      { name: "an error", method: "GET", path: "/v1/models/nobody", status: 404 },
      { name: "a malformed request", method: "PUT", path: "/v1/models/nobody", status: 400 },
      {
        name: "a body over the limit",
        method: "POST",
        path: "/v1/models/half:predict",
        body: " ".repeat(2000),
        status: 413,
      },
    ]) {
      test(`${name} ${cors ? "allows every origin" : "says nothing of origins"}`, async () => {
        const reply = await rest.ask(method, path, body === undefined ? {} : { body });
        expect(reply.status).toBe(status);
        expect(NAMES.map((header) => reply.headers.get(header))).toEqual(want);
      });
    }

    test("what is not the API does not", async () => {
      for (const path of ["/healthz", "/v1/monitoring"]) {
        const reply = await rest.ask("GET", path);
        expect(reply.status, reply.text).toBe(200);
        expect(reply.headers.has("access-control-allow-origin")).toBe(false);
      }
    });

    test("OPTIONS is 200 for an origin on the web, else 400, both empty", async () => {
      const asked = await rest.ask("OPTIONS", "/v1/models/half:predict", {
        headers: { origin: "https://example.org" },
      });
      expect(asked).toMatchObject({ status: 200, text: "" });
      expect(NAMES.map((header) => asked.headers.get(header))).toEqual(want);
      expect(await rest.ask("OPTIONS", "/v1/models/half:predict")).toMatchObject({ status: 400, text: "" });
      expect(await rest.ask("OPTIONS", "/v1/x", { headers: { origin: "null" } })).toMatchObject({
        status: 400,
        text: "",
      });
    });
  });
}
