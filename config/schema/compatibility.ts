import type { z } from "zod";
import { section } from "./scalar.ts";
import { yesNo } from "./units.ts";

/** `compatibility:` — where to part from TensorFlow Serving's own answers; all off by default. Swapped by a reload. */
export interface CompatibilityConfig {
  /** Whether REST answers are always JSON: `NaN` and infinities as strings, strings that are not UTF-8 as base64 objects. */
  readonly strictJson: boolean;
  /** Whether base64 in REST requests may be of the alphabet for URLs too. */
  readonly urlSafeBase64: boolean;
}

export const compatibilitySchema: z.ZodType<CompatibilityConfig> = section({
  strictJson: yesNo()
    .prefault(false)
    .describe('Whether REST answers are always JSON: "NaN", "Infinity" and "-Infinity", bytes as { "b64": … }.'),
  urlSafeBase64: yesNo().prefault(false).describe("Whether base64 in REST requests may have - and _ for + and /."),
});
