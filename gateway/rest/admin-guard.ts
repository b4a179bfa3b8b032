import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { BlockList } from "node:net";
import type { AdminConfig } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";
import { bearerToken } from "../admission/index.ts";

/**
 * Lets a request into the admin API, or throws UNAUTHENTICATED or PERMISSION_DENIED. With a token, whoever shows it may come
 * from anywhere. Without one only a program on this machine may, which asks by itself: neither a page that its browser shows,
 * wherever that is from and whatever name it has given to this address, nor a proxy that speaks for others.
 */
export function guardAdmin({ token }: Pick<AdminConfig, "token">, { headers, socket }: IncomingMessage): void {
  if (token !== undefined) {
    const shown = bearerToken(headers.authorization);
    if (shown !== undefined && timingSafeEqual(digest(shown), digest(token))) return;
    const missing = "the admin API wants its admin.token, as Authorization: Bearer";
    throw refusal("UNAUTHENTICATED", shown === undefined ? missing : "this is not the token of the admin API");
  }
  const why = strangeness(headers, socket.remoteAddress);
  if (why === undefined) return;
  throw refusal("PERMISSION_DENIED", `without an admin.token the admin API is for programs on this machine: ${why}`);
}

function strangeness(headers: IncomingMessage["headers"], address: string | undefined): string | undefined {
  if (address === undefined || !isLoopback(address)) return `the request comes from ${address ?? "elsewhere"}`;
  // A name that an attacker's DNS server has let point here is not a name of this machine.
  if (!isLoopbackHost(headers.host ?? "")) return "its Host is another name than localhost";
  const telltale = Object.keys(headers).find((name) => TELLTALE.test(name));
  if (telltale !== undefined) return `it has the header ${telltale}, as those of browsers and proxies`;
  const site = headers["sec-fetch-site"];
  return site === undefined || site === "none" ? undefined : "a page in a browser sends it";
}

/** What pages and proxies send, and programs on this machine don't. */
const TELLTALE = /^(origin|forwarded|via|x-forwarded(-.*)?|x-real-ip)$/;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return LOOPBACK.check(plain, plain.includes(":") ? "ipv6" : "ipv4");
}

function isLoopbackHost(host: string): boolean {
  const [, name = ""] = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host) ?? [];
  return /^localhost\.?$/i.test(name) || isLoopback(name.replace(/^\[(.*)\]$/, "$1"));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function refusal(code: "UNAUTHENTICATED" | "PERMISSION_DENIED", message: string): InferenceError {
  return new InferenceError(code, message, { origin: "client" });
}
