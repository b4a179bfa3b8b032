import type { Backend } from "../backend.ts";
import type { Observation } from "../observe/index.ts";
import type { ApiRequest } from "./api-request.ts";

/** Who sends a request, if the configuration knows; told to its observation. Throws UNAUTHENTICATED. */
export function clientNameOf(
  backend: Backend,
  { header }: Pick<ApiRequest, "header">,
  observation: Observation,
): string | undefined {
  const client = backend.authenticate(header);
  if (client !== undefined) observation.sentBy(client);
  return client;
}
