import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

const NAMES = ["access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"];
const ALLOWED = ["*", "POST, GET", "Content-Type"];

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
