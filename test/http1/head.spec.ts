import { describe, expect, test } from "vitest";
import { MAX_HEAD_BYTES, parseHead } from "../../http1/head.ts";

const HEAD = "POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 18\r\n\r\n";

function withLines(...lines: readonly string[]): string {
  return ["POST /a HTTP/1.1", ...lines, "", ""].join("\r\n");
}

/** As much as a server may know of it. */
function read(text: string): unknown {
  const head = parseHead(text);
  return typeof head === "object" ? [head.target, head.contentLength] : head;
}

test("a plain head is told with its text, its target and the length of its body", () => {
  const head = parseHead(`${HEAD}{"instances": [1]}`);
  expect(head).toMatchObject({ text: HEAD, target: "/v1/models/half:predict", contentLength: 18 });
});

test("headers are told by lower-case name, without the spaces before their value", () => {
  const head = parseHead(withLines("hOST:x", "X-Tenant:   a b ", "content-length: 0", "Empty:").replace("b ", "b"));
  if (typeof head !== "object") throw new TypeError("it is no head");
  const { header } = head;
  expect([header("host"), header("x-tenant"), header("empty"), header("none")]).toEqual(["x", "a b", "", undefined]);
});

describe("is plain:", () => {
  for (const [name, lines] of [
    ["any header that is no other server's business", ["Host: x", "Content-Length: 1", "Cookie: a=b; c", "X-_.~1: {}"]],
    ["an empty Host", ["Host:", "Content-Length: 1"]],
    ["no body", ["Host: x", "Content-Length: 0"]],
    ["Connection: keep-alive in any letter case", ["Host: x", "Content-Length: 1", "connection: Keep-Alive"]],
    ["a length of fifteen digits", ["Host: x", "Content-Length: 123456789012345"]],
  ] as const) {
    test(name, () => expect(read(withLines(...lines))).toEqual(["/a", expect.any(Number)]));
  }
});

describe("is left to the server behind:", () => {
  const plain = ["Host: x", "Content-Length: 1"];
  for (const [name, text] of [
    ["another method", HEAD.replace("POST", "PUT")],
    ["a method in lower case", HEAD.replace("POST", "post")],
    ["HTTP/1.0", HEAD.replace("1.1", "1.0")],
    ["HTTP/1.2", HEAD.replace("1.1", "1.2")],
    ["HTTP/2.0", HEAD.replace("1.1", "2.0")],
    ["a target with scheme and host", HEAD.replace("/v1", "http://x/v1")],
    ["a query", HEAD.replace("predict ", "predict?a=b ")],
    ["a fragment", HEAD.replace("predict ", "predict#a ")],
    ["two spaces in the request line", HEAD.replace("POST ", "POST  ")],
    ["a tab in the request line", HEAD.replace("POST ", "POST\t")],
    ["a byte over 0x7f in the target", HEAD.replace("half", "h\xe4lf")],
    ["an empty line before it", `\r\n${HEAD}`],
    ["a line end without CR", HEAD.replace("x\r\n", "x\n")],
    ["a request line's end without CR", HEAD.replace("1.1\r\n", "1.1\n")],
    ["an empty line without CR", HEAD.replace("18\r\n\r\n", "18\r\n\n")],
    ["a CR within a line", HEAD.replace("Host: x", "Host: x\ry")],
    ["a CR before nothing", HEAD.replace("18\r\n\r\n", "18\r\n\rX")],
    ["no Host", withLines("Content-Length: 1")],
    ["two Hosts", withLines(...plain, "host: y")],
    ["no Content-Length", withLines("Host: x")],
    ["two lengths", withLines(...plain, "Content-Length: 1")],
    ["two other headers of one name", withLines(...plain, "X: 1", "x: 2")],
    ["a length of sixteen digits", withLines("Host: x", "Content-Length: 1234567890123456")],
    ...["+1", "-1", "01", "0x1", "1, 1", "1 1", "1.0", "1e1", ""].map(
      (value) => [`a Content-Length "${value}"`, withLines("Host: x", `Content-Length: ${value}`)] as const,
    ),
    ...["close", "upgrade", "keep-alive, x", "", "Transfer-Encoding"].map(
      (value) => [`Connection: ${value}`, withLines(...plain, `Connection: ${value}`)] as const,
    ),
    ...["Transfer-Encoding", "Content-Encoding", "Expect", "Upgrade", "Trailer", "TE", "Proxy-Connection"].map(
      (header) => [`a header ${header}`, withLines(...plain, `${header}: x`)] as const,
    ),
    ["a name with a space behind it", withLines(...plain, "X : 1")],
    ["a name with a space within", withLines(...plain, "X Y: 1")],
    ["no name", withLines(...plain, ": 1")],
    ["no colon", withLines(...plain, "X")],
    ["a folded line", withLines(...plain, "X: 1", " 2")],
    ["a tab before a value", withLines(...plain, "X:\t1")],
    ["a space behind a value", withLines(...plain, "X: 1 ")],
    ["NUL in a value", withLines(...plain, "X: a\0b")],
    ["DEL in a value", withLines(...plain, "X: a\x7fb")],
    ["a byte over 0x7f in a value", withLines(...plain, "X: \xe4")],
    ["a byte over 0x7f in a name", withLines(...plain, "\xe4: 1")],
    ["more than a hundred headers", withLines(...plain, ...Array.from({ length: 99 }, (_, i) => `X${i}: 1`))],
  ] as const) {
    test(name, () => expect(read(text)).toBeUndefined());
  }
});

test("every beginning of a plain head may become one, and none of it is taken for one", () => {
  for (let end = 0; end < HEAD.length; end++) expect([end, read(HEAD.slice(0, end))]).toEqual([end, "more"]);
  expect(read(HEAD)).toEqual(["/v1/models/half:predict", 18]);
});

test("a beginning that cannot become one is known by it", () => {
  const line = "POST /a HTTP/1.1\r\n";
  for (const text of [
    "G",
    "\r",
    "\x16\x03\x01",
    "POSTX",
    "POST  ",
    "POST /a?",
    "POST /a HTTP/1.0",
    "POST /a HTTP/1.1\rX",
    "POST /a HTTP/1.1\n",
    `${line} `,
    `${line}:`,
    `${line}Host `,
    `${line}Host: \t`,
    `${line}Host: \0`,
    `${line}Host: \rx`,
    `${line}Host\r`,
    `${line}\rx`,
    `${line}TE: x\r\nHost`,
  ]) {
    expect([text, read(text)]).toEqual([text, undefined]);
  }
});

test("a head without an end in all that is looked at is none", () => {
  const open = withLines("Host: x", `X: ${"a".repeat(MAX_HEAD_BYTES)}`);
  expect(read(open.slice(0, MAX_HEAD_BYTES - 1))).toBe("more");
  expect(read(open.slice(0, MAX_HEAD_BYTES))).toBeUndefined();
});
