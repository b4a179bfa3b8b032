import type { z } from "zod";
import { scalar, section, Unfit } from "./scalar.ts";
import { text } from "./units.ts";

/** One entry of `clients:` — who may say who it is, and how it proves it. Swapped by a reload. */
export interface ClientConfig {
  /** What routes, logs and sticky splits call it. */
  readonly name: string;
  /** What it shows as `Authorization: Bearer`. */
  readonly token: string | undefined;
  /** The common name of the TLS certificate that it shows on the gRPC port. */
  readonly certificate: string | undefined;
}

/** A token's faults never show it. */
export function token(): z.ZodType<string> {
  const expected = "a token in quotes, of visible ASCII characters without spaces";
  return scalar(expected, { type: "string", pattern: "^[!-~]+$" }, (value) =>
    typeof value === "string" && /^[!-~]+$/.test(value) ? value : new Unfit(`expected ${expected}`),
  );
}

export const clientSchema: z.ZodType<ClientConfig> = section({
  name: text().describe("What routes, logs and sticky splits call it."),
  token: token().optional().describe("What it shows as Authorization: Bearer, over REST and gRPC."),
  certificate: text()
    .optional()
    .describe("The common name of its TLS certificate, where server.grpc.tls.clientVerify asks for one."),
}).transform(({ name, token, certificate }, context): ClientConfig => {
  if (token === undefined && certificate === undefined) {
    context.addIssue({ code: "custom", message: "expected a token, a certificate or both" });
  }
  return { name, token, certificate };
});
