import { askGateway } from "./gateway-client.ts";
import { table } from "./table.ts";

export interface StatusOptions {
  readonly url: string;
  readonly json?: boolean;
}

interface VersionRow {
  readonly version: string;
  readonly state: string;
  readonly status: { readonly error_code: string; readonly error_message: string };
}

/** Prints every model's versions with their states, and what is missing until the gateway is ready. Exit status 0 when it is ready. */
export async function status(options: StatusOptions): Promise<number> {
  const ready = await askGateway(options.url, "readyz");
  const { models } = JSON.parse((await askGateway(options.url, "v1/models")).text) as { models: string[] };
  const states = await Promise.all(
    models.map(async (name) => {
      const reply = await askGateway(options.url, `v1/models/${encodeURIComponent(name)}`);
      const answer = reply.ok ? (JSON.parse(reply.text) as { model_version_status: VersionRow[] }) : undefined;
      return { name, versions: answer?.model_version_status ?? [] };
    }),
  );
  const readiness = JSON.parse(ready.text) as unknown;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ ready: ready.ok, readiness, models: states }, undefined, 2)}\n`);
    return ready.ok ? 0 : 1;
  }
  const rows = states.flatMap(({ name, versions }) =>
    versions.length === 0
      ? [[name, "-", "no version found", ""]]
      : versions.map((row) => [name, row.version, row.state, row.status.error_message]),
  );
  process.stdout.write(table(["MODEL", "VERSION", "STATE", "ERROR"], rows));
  process.stdout.write(ready.ok ? "ready\n" : `not ready: ${JSON.stringify(readiness)}\n`);
  return ready.ok ? 0 : 1;
}
