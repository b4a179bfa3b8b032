import type { z } from "zod";
import { section } from "./scalar.ts";
import { text } from "./units.ts";

/** `state:` — what has to be there again after a restart. Needs a restart. */
export interface StateConfig {
  /** Absolute; undefined: it is kept in memory. */
  readonly folder: string | undefined;
}

export const stateSchema: z.ZodType<StateConfig> = section({
  folder: text()
    .optional()
    .describe("Where ramps and models added at run time are kept; default: .tensorgate/NAME beside this file."),
}).transform(({ folder }): StateConfig => ({ folder }));
