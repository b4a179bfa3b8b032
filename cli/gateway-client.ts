/** Talks to a running gateway's REST port for the commands that show or ask. */
export interface GatewayReply {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
}

export interface GatewayQuestion {
  /** JSON; undefined: a GET. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Throws an Error that a person can read when nothing answers at `url`, which may leave `http://` out. */
export async function askGateway(
  url: string,
  path: string,
  { body, headers = {} }: GatewayQuestion = {},
): Promise<GatewayReply> {
  const target = new URL(path, baseOf(url));
  const init =
    body === undefined
      ? { headers }
      : { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
  let response: Response;
  try {
    response = await fetch(target, init);
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : String(thrown);
    throw new Error(
      `no gateway answers at ${url} (${cause}); start one with "tensorgate serve", or name it with --url`,
      {
        cause: thrown,
      },
    );
  }
  return { ok: response.ok, status: response.status, text: await response.text() };
}

function baseOf(url: string): URL {
  const address = /^https?:\/\//i.test(url) ? url : `http://${url}`;
  if (URL.canParse(address)) return new URL(address.endsWith("/") ? address : `${address}/`);
  throw new Error(`--url: expected an address like http://127.0.0.1:8501, got "${url}"`);
}
