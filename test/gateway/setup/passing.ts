import { parseConfigText } from "../../../config/index.ts";
import { authenticator } from "../../../gateway/admission/index.ts";
import { createPassThrough, type PassThrough } from "../../../gateway/passthrough/index.ts";
import { type RestOptions, type RestUnderTest, startRest } from "./rest.ts";

export interface PassingUnderTest extends RestUnderTest {
  /** What a reload does. */
  apply(http: readonly object[], more?: Record<string, unknown>): void;
}

/** A REST edge that passes requests on, by `http` and other parts of a configuration, as they stand in a file. */
export async function startPassingRest(
  http: readonly object[],
  more: Record<string, unknown> = {},
  options: RestOptions = {},
): Promise<PassingUnderTest> {
  const config = configOf(http, more);
  const opened: PassThrough[] = [];
  const rest = await startRest({
    ...options,
    passThrough(parts) {
      const passThrough = createPassThrough({ config, metrics: parts.metrics.http, log: parts.log });
      opened.push(passThrough);
      return passThrough;
    },
  });
  rest.backend.authenticate = authenticator(config);
  return {
    ...rest,
    apply(next, others = more) {
      for (const passThrough of opened) passThrough.apply(configOf(next, others));
      rest.server.pathsChanged();
    },
  };
}

function configOf(http: readonly object[], more: Record<string, unknown>): ReturnType<typeof parseConfigText> {
  return parseConfigText(JSON.stringify({ models: [], http, ...more }), "config.yaml");
}
