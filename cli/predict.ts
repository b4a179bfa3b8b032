import { text as readAll } from "node:stream/consumers";
import { askGateway } from "./gateway-client.ts";

export interface PredictOptions {
  readonly url: string;
  readonly versionNumber?: string;
  readonly label?: string;
  readonly signature?: string;
}

/**
 * Sends one predict call and prints the answer as it came; the exit status. A list stands for its instances; anything
 * else is sent as it is, so that the gateway's own message says what is wrong with it.
 */
export async function predict(model: string, json: string, options: PredictOptions): Promise<number> {
  const written = (json === "-" ? await readAll(process.stdin) : json).trim();
  const body = requestBody(written, options.signature);
  const reply = await askGateway(options.url, predictPath(model, options), { body });
  if (reply.ok) process.stdout.write(reply.text.endsWith("\n") ? reply.text : `${reply.text}\n`);
  else process.stderr.write(`${reply.status} ${reply.text.trim()}\n`);
  return reply.ok ? 0 : 1;
}

function predictPath(model: string, { versionNumber, label }: PredictOptions): string {
  const base = `v1/models/${encodeURIComponent(model)}`;
  if (versionNumber !== undefined) return `${base}/versions/${encodeURIComponent(versionNumber)}:predict`;
  if (label !== undefined) return `${base}/labels/${encodeURIComponent(label)}:predict`;
  return `${base}:predict`;
}

/** Spliced as text: parsing would lose what only the gateway reads exactly (int64, NaN). */
function requestBody(written: string, signature: string | undefined): string {
  const name = signature === undefined ? "" : `"signature_name": ${JSON.stringify(signature)}`;
  if (written.startsWith("[")) return `{${name === "" ? "" : `${name}, `}"instances": ${written}}`;
  if (name === "" || !written.startsWith("{")) return written;
  const rest = written.slice(1).trimStart();
  return `{${name}${rest.startsWith("}") ? "" : ", "}${rest}`;
}
