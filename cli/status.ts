import { askGateway } from "./gateway-client.ts";
import { table } from "./table.ts";

export interface StatusOptions {
  readonly url: string;
  readonly json?: boolean;
}

/** What `/statusz` answers. */
interface Overview {
  readonly ready: boolean;
  /** What keeps the gateway from being ready, one sentence each. */
  readonly missing: readonly string[];
  /** Absent from gateways that are older than it. */
  readonly config?: { readonly fingerprint: string; readonly refused: number };
  readonly ramps?: readonly RampRow[];
  readonly models: readonly ModelRow[];
}

interface ModelRow {
  readonly name: string;
  /** Why nothing of it is to be had. */
  readonly problem?: string;
  readonly versions: readonly VersionRow[];
}

interface RampRow {
  readonly route: string;
  /** The arm that grows, by `percent` of the route's requests now. */
  readonly arm: string;
  readonly phase: string;
  readonly step: number;
  readonly steps: number;
  readonly percent: number;
}

interface VersionRow {
  readonly version: string;
  readonly state: string;
  readonly status: { readonly error_code: string; readonly error_message: string };
  /** Of an available version, by signature. */
  readonly merging?: "off" | Readonly<Record<string, { readonly is: string; readonly reason?: string }>>;
}

/**
 * Prints every model's versions with their states, the signatures whose calls are not merged with the reason, the ramps, whether
 * the last reload was refused, and what is missing until the gateway is ready. Exit status 0 when it is ready.
 */
export async function status(options: StatusOptions): Promise<number> {
  const { text } = await askGateway(options.url, "statusz");
  const overview = JSON.parse(text) as Overview;
  process.stdout.write(options.json === true ? `${JSON.stringify(overview, undefined, 2)}\n` : described(overview));
  return overview.ready ? 0 : 1;
}

function described({ ready, missing, config, ramps = [], models }: Overview): string {
  const rows = models.flatMap(({ name, problem = "", versions }) => [
    ...(versions.length === 0 || problem !== "" ? [[name, "-", "no version found", "", problem]] : []),
    ...versions.map((row) => [name, row.version, row.state, merged(row), row.status.error_message]),
  ]);
  const apart = models.flatMap(({ name, versions }) =>
    versions.flatMap((row) => unmerged(row).map((signature) => [name, row.version, ...signature])),
  );
  const parts = [table(["MODEL", "VERSION", "STATE", "MERGED", "ERROR"], rows)];
  if (apart.length > 0) parts.push("\n", table(["MODEL", "VERSION", "SIGNATURE", "MERGED", "REASON"], apart));
  if (ramps.length > 0) {
    const cells = ramps.map((ramp) => [
      ramp.route,
      ramp.arm,
      ramp.phase,
      `${ramp.step} of ${ramp.steps}`,
      `${ramp.percent}%`,
    ]);
    parts.push("\n", table(["ROUTE", "ARM", "RAMP", "STEP", "PERCENT"], cells));
  }
  if (config !== undefined && config.refused > 0) {
    const errors = config.refused === 1 ? "1 error" : `${config.refused} errors`;
    parts.push(
      `the last reload was refused for ${errors}, which its log tells: config ${config.fingerprint} holds on\n`,
    );
  }
  return `${parts.join("")}${ready ? "ready" : `not ready: ${missing.join("; ")}`}\n`;
}

/** How many of the version's signatures have their calls merged. */
function merged({ merging }: VersionRow): string {
  if (merging === undefined || merging === "off") return merging ?? "";
  const all = Object.values(merging);
  return `${all.filter(({ is }) => is === "proven").length} of ${all.length}`;
}

/** Signature, verdict and reason. */
function unmerged({ merging }: VersionRow): readonly string[][] {
  if (merging === undefined || merging === "off") return [];
  return Object.entries(merging).flatMap(([key, { is, reason = "" }]) => (is === "proven" ? [] : [[key, is, reason]]));
}
