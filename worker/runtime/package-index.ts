import { run } from "./python.ts";
import { NoRuntimeError } from "./runtime.ts";

const PUBLIC_INDEX = "https://pypi.org/simple";

/**
 * The PEP 503 index that this machine uses: what pip and uv are told by the environment, else what pip's own
 * configuration says, else the public one. Throws NoRuntimeError for one that is no http address.
 */
export async function indexUrl(env: NodeJS.ProcessEnv): Promise<string> {
  const told = env["PIP_INDEX_URL"] || env["UV_DEFAULT_INDEX"] || env["UV_INDEX_URL"];
  const index = told || (await run("pip", ["config", "get", "global.index-url"], env))?.trim() || PUBLIC_INDEX;
  if (/^https?:\/\//i.test(index) && URL.canParse(index)) return index;
  throw new NoRuntimeError(`The package index ${index} is not an address like ${PUBLIC_INDEX} (PIP_INDEX_URL).`);
}

/** A place to fetch from, with the `user:password@` of its URL as a header: fetch refuses it in the URL. */
export interface Place {
  readonly url: URL;
  readonly headers: Record<string, string>;
}

function placeOf(address: string): Place {
  const url = new URL(address);
  const { username, password } = url;
  if (username === "" && password === "") return { url, headers: {} };
  url.username = "";
  url.password = "";
  const secret = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  return { url, headers: { authorization: `Basic ${secret}` } };
}

/**
 * Finds a file on an index by its project's page (https://peps.python.org/pep-0503/): links whose text and last path segment are
 * file names, in any order. Throws NoRuntimeError when the index does not have it.
 */
export async function findFile(index: string, project: string, file: string, signal?: AbortSignal): Promise<Place> {
  const page = placeOf(`${index.replace(/\/+$/, "")}/${project}/`);
  const response = await reach(page, { accept: "text/html" }, signal);
  const html = response.status === 404 ? "" : await checked(response, page).text();
  for (const [, href = ""] of html.matchAll(/<a\b[^>]*?\bhref\s*=\s*["']([^"']*)["']/gi)) {
    const link = placeOf(new URL(href.replaceAll("&amp;", "&"), response.url).href);
    link.url.hash = "";
    if (decodeURIComponent(link.url.pathname).split("/").at(-1) !== file) continue;
    const sameHost = link.url.origin === page.url.origin;
    return { url: link.url, headers: { ...(sameHost ? page.headers : {}), ...link.headers } };
  }
  throw new NoRuntimeError(
    `${page.url.host} does not offer ${file} (${page.url.href}). Choose another package index with PIP_INDEX_URL, or name a TensorFlow library of your own in TENSORGATE_TENSORFLOW (a folder or a wheel file).`,
  );
}

/** An HTTP answer, whatever its status. Throws NoRuntimeError with the host and the reason when there is none. */
export async function reach(place: Place, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(place.url, { headers: { ...headers, ...place.headers }, ...(signal ? { signal } : {}) });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(place, error);
  }
}

export function checked(response: Response, place: Place): Response {
  if (response.ok) return response;
  throw new NoRuntimeError(
    `${place.url.host} answered ${response.status} ${response.statusText} for ${place.url.pathname}.`,
  );
}

/** For a connection that could not be made or broke. */
export function unreachable(place: Place, error: unknown): NoRuntimeError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
  return new NoRuntimeError(
    `Cannot fetch TensorFlow's library from ${place.url.host} (${reason}). Without a network, name a TensorFlow library of your own in TENSORGATE_TENSORFLOW (a folder or a wheel file); for a mirror, set PIP_INDEX_URL.`,
    { cause: error },
  );
}
