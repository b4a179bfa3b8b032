import { didYouMean } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";

/** What is asked under `/admin/`. */
export interface AdminRequest {
  readonly method: string;
  /** What follows `/admin/`, decoded piece by piece. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Reads the body as text. Throws an InferenceError for what cannot be taken. */
  readonly body: () => Promise<string>;
}

export interface AdminReply {
  readonly status: number;
  readonly json: unknown;
  /** Where what has been made is found. */
  readonly location?: string;
}

/** Answers a request of the admin API. Throws an InferenceError; {@link NotAllowed} where the path takes other methods. */
export type AdminApi = (request: AdminRequest) => Promise<AdminReply>;

/** The path is one of ours, and takes only these methods. */
export class NotAllowed extends InferenceError {
  readonly methods: readonly string[];
  constructor(path: readonly string[], methods: readonly string[]) {
    super("UNIMPLEMENTED", `/admin/${path.join("/")} takes ${methods.join(", ")}`);
    this.methods = methods;
  }
}

export interface AdminRoute {
  /** What GET answers, HEAD is answered by the headers of. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `*` stands for any one piece, but for an empty one. */
  readonly path: readonly string[];
  /** Keys of the query that it takes; any other is refused, as it would be a slip. Default: none. */
  readonly query?: readonly string[];
  readonly answer: (request: AdminRequest, ...pieces: string[]) => Promise<AdminReply>;
}

export function answerByRoutes(routes: readonly AdminRoute[]): AdminApi {
  return async (request) => {
    const there = routes.filter(({ path }) => fits(path, request.path));
    if (there.length === 0) throw new InferenceError("NOT_FOUND", `nothing answers /admin/${request.path.join("/")}`);
    const wanted = request.method === "HEAD" ? "GET" : request.method;
    const route = there.find(({ method }) => method === wanted);
    if (route === undefined) {
      const methods = there.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : method));
      throw new NotAllowed(request.path, methods);
    }
    refuseUnknown(request.query, route.query ?? []);
    return await route.answer(request, ...request.path.filter((_, i) => route.path[i] === "*"));
  };
}

function fits(pattern: readonly string[], path: readonly string[]): boolean {
  return (
    pattern.length === path.length && pattern.every((piece, i) => (piece === "*" ? path[i] !== "" : piece === path[i]))
  );
}

function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  for (const key of query.keys()) {
    if (known.includes(key)) continue;
    const taken = known.length === 0 ? "no query is taken here" : `the query takes ${known.join(", ")}`;
    throw new InferenceError("INVALID_ARGUMENT", `${key}: ${taken}${didYouMean(key, known)}`);
  }
}
