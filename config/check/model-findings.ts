import type { Config } from "../schema/config.ts";
import type { CheckFinding } from "./finding.ts";

/** Labels that stand for a version that is never served. */
export function modelFindings({ models }: Pick<Config, "models">): CheckFinding[] {
  return models.flatMap(({ versions, labels }, i) => {
    if (versions.by !== "specific") return [];
    return [...labels].flatMap(([label, version]): CheckFinding[] => {
      if (versions.versions.includes(version)) return [];
      const message = `version ${version} is never served: versions names others`;
      return [{ severity: "error", path: ["models", i, "labels", label], message }];
    });
  });
}

/** Ways to prove who one is that nobody is asked for. */
export function proofFindings({ clients, server }: Pick<Config, "clients" | "server">): CheckFinding[] {
  if (server.grpc.tls?.clientVerify === true) return [];
  return clients.flatMap(({ certificate }, i): CheckFinding[] => {
    if (certificate === undefined) return [];
    const message = "no client is asked for a certificate: server.grpc.tls.clientVerify is off";
    return [{ severity: "warning", path: ["clients", i, "certificate"], message }];
  });
}
