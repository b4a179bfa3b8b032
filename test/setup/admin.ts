import { exchange, type HttpReply, type HttpRequest } from "./http.ts";
import type { Tensorgate } from "./tensorgate.ts";

/** A request of the admin API: `path` follows `/admin/`. */
export async function admin(
  gateway: Tensorgate,
  method: string,
  path: string,
  { body, ...more }: { body?: unknown } & Pick<HttpRequest, "headers"> = {},
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
): Promise<HttpReply & { json: any }> {
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const reply = await exchange(gateway.rest, { method, path: `/admin/${path}`, ...more, ...sent });
  return { ...reply, json: /json/.test(String(reply.headers["content-type"])) ? JSON.parse(reply.text) : undefined };
}
