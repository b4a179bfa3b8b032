import type { BatchingParameters } from "../protos/index.ts";
import type { FlagValues } from "./flags/values.ts";
import type { TlsConfig } from "./schema/server.ts";
import { readConfigText } from "./source.ts";
import { parseBatchingFile, parseMonitoringFile, parseSessionFile, parseSslFile } from "./text-files.ts";

/** What the files say that flags name, besides models: read once, at the start. */
export interface FlagFiles {
  readonly monitoringPath?: string | undefined;
  readonly tls?: TlsConfig | undefined;
  /** A serialized `tensorflow.ConfigProto`, in base64. */
  readonly session?: string | undefined;
  readonly batching?: BatchingParameters | undefined;
}

/** Throws ConfigError with the faults of the first file that has some. */
export async function readFlagFiles(flags: FlagValues): Promise<FlagFiles> {
  return {
    monitoringPath: await parsed(flags.monitoringFile, parseMonitoringFile),
    tls: await parsed(flags.sslFile, parseSslFile),
    session: await parsed(flags.sessionFile, parseSessionFile),
    batching: await parsed(flags.batching.file, parseBatchingFile),
  };
}

async function parsed<T>(file: string | undefined, parse: (text: string, file: string) => T): Promise<T | undefined> {
  return file === undefined ? undefined : parse(await readConfigText(file), file);
}
