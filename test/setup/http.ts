import { request } from "node:http";

/** A request as it is to stand on the wire: nothing of the target is normalized. */
export interface HttpRequest {
  /** Default: POST with a body, else GET. */
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
}

/** Sends it to `base` and reads the answer, whatever its status; nothing is decompressed. */
export function exchange(base: string, { path, body, headers = {}, ...rest }: HttpRequest): Promise<HttpReply> {
  const { hostname, port } = new URL(base);
  const method = rest.method ?? (body === undefined ? "GET" : "POST");
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
