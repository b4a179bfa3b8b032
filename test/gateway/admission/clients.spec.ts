import { describe, expect, test } from "vitest";
import { parseConfigText } from "../../../config/index.ts";
import type { InferenceError } from "../../../core/index.ts";
import { authenticator, clientAsked } from "../../../gateway/admission/index.ts";

const CLIENTS = [
  { name: "acme", token: "secret-1" },
  { name: "edge", token: "secret-2", certificate: "edge.example" },
  { name: "mesh", certificate: "mesh.example" },
];

/** The client's name, "nobody", or the error. */
function told(authorization: string | undefined, certificate?: string, requireClient = false): string {
  const config = { models: [], clients: CLIENTS, server: { requireClient } };
  const authenticate = authenticator(parseConfigText(JSON.stringify(config), "/c.yaml"));
  try {
    return authenticate((name) => (name === "authorization" ? authorization : undefined), certificate) ?? "nobody";
  } catch (thrown) {
    const { code, message, origin } = thrown as InferenceError;
    expect(origin).toBe("client");
    return `${code} ${message}`;
  }
}

const WRONG = "UNAUTHENTICATED the token is that of no client";

describe("a request", () => {
  for (const { what, authorization, certificate, want } of [
    { what: "with a token is its client's", authorization: "Bearer secret-1", want: "acme" },
    { what: "may write the scheme in any letter case", authorization: "bEARER   secret-2", want: "edge" },
    { what: "with a wrong token is refused", authorization: "Bearer secret-3", want: WRONG },
    { what: "with the first letters of a token is refused", authorization: "Bearer secret-", want: WRONG },
    { what: "with a token in another letter case is refused", authorization: "Bearer SECRET-1", want: WRONG },
    { what: "with an empty token is refused", authorization: "Bearer", want: WRONG },
    { what: "with two tokens is refused", authorization: "Bearer secret-1, Bearer secret-2", want: WRONG },
    {
      what: "with a wrong token is refused whatever its certificate",
      authorization: "Bearer x",
      certificate: "mesh.example",
      want: WRONG,
    },
    { what: "with another scheme has no token", authorization: "Basic YTpi", want: "nobody" },
    { what: "with a scheme that only begins so has no token", authorization: "Bearers secret-1", want: "nobody" },
    { what: "without either is nobody's", authorization: undefined, want: "nobody" },
    { what: "with a certificate is its client's", authorization: undefined, certificate: "mesh.example", want: "mesh" },
    { what: "with another certificate is nobody's", authorization: undefined, certificate: "other", want: "nobody" },
    {
      what: "with both is the token's client's",
      authorization: "Bearer secret-1",
      certificate: "mesh.example",
      want: "acme",
    },
  ]) {
    test(what, () => expect(told(authorization, certificate)).toBe(want));
  }

  test("of nobody is refused where only clients are let in", () => {
    for (const [authorization, certificate] of [[undefined], ["Basic YTpi"], [undefined, "other"]] as const) {
      expect(told(authorization, certificate, true)).toMatch(/^UNAUTHENTICATED only known clients are answered/);
    }
    expect(told(undefined, "mesh.example", true)).toBe("mesh");
    expect(told("Bearer secret-1", undefined, true)).toBe("acme");
  });

  test("is not looked at without clients", () => {
    const authenticate = authenticator(parseConfigText("models: []", "/c.yaml"));
    expect(authenticate(unwanted)).toBeUndefined();
  });
});

function unwanted(): never {
  throw new Error("nobody should have looked");
}

test("a request that is only wondered about is the client's that it names, else the one's whose token it has", () => {
  const config = parseConfigText(JSON.stringify({ models: [], clients: CLIENTS }), "/c.yaml");
  const asked = (authorization?: string, client?: string) =>
    clientAsked(config, { client, header: (name) => (name === "authorization" ? authorization : undefined) });
  expect([asked(), asked("Bearer secret-1"), asked("Bearer secret-1", "mesh"), asked("Basic YTpi")]).toEqual([
    undefined,
    "acme",
    "mesh",
    undefined,
  ]);
  expect(() => asked("Bearer secret-3")).toThrow("such a request is refused: the token is that of no client");
});
