import { type CheckFinding, type Config, checkInTurns, renderPath } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";

/** Of ten thousand routes each may have one. */
const LOGGED = 20;

/**
 * Warns of what is odd about a configuration that is taken all the same. Where in the file it stands is told by what is known
 * already: the file is not parsed again while requests are served. Workers tell of what they don't find on disk.
 */
export async function logFindings(config: Config, log: Logger): Promise<void> {
  const findings = await checkInTurns(config);
  for (const finding of findings.slice(0, LOGGED)) log.warn(sentence(config, finding));
  const left = findings.length - LOGGED;
  if (left > 0) log.warn(`${left} more findings: "tensorgate config check" tells them all`);
}

function sentence({ routes }: Config, { path, message }: CheckFinding): string {
  const [list, index] = path;
  const place = list === "routes" ? routes[Number(index)]?.place : undefined;
  return `${place === undefined || place === "" ? "" : `${place} `}${renderPath(path)}: ${message}`;
}
