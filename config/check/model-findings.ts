import type { Config } from "../schema/config.ts";
import type { CheckFinding } from "./finding.ts";

/** Labels that stand for a version that is never served. */
export function modelFindings(config: Pick<Config, "models" | "pools">): CheckFinding[] {
  const obeys = obeysVersions(config);
  return config.models.flatMap(({ versions, labels, pool }, i) => {
    if (versions.by !== "specific" || !obeys(pool)) return [];
    return [...labels].flatMap(([label, version]): CheckFinding[] => {
      if (versions.versions.includes(version)) return [];
      const message = `version ${version} is never served: versions names others`;
      return [{ severity: "error", path: ["models", i, "labels", label], message }];
    });
  });
}

/** Whether a pool serves the versions that are configured: servers of another kind have lists of their own. */
export function obeysVersions({ pools }: Pick<Config, "pools">): (pool: string | undefined) => boolean {
  const others = new Set(pools.flatMap(({ name, kind }) => (kind === "tensorgate" ? [] : name)));
  return (pool) => pool === undefined || !others.has(pool);
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
