import type { z } from "zod";
import { token } from "./clients.ts";
import { section } from "./scalar.ts";
import { yesNo } from "./units.ts";

/** `admin:` — the admin API under `/admin/`. Swapped by a reload. */
export interface AdminConfig {
  readonly enabled: boolean;
  /** What each call has to show as `Authorization: Bearer`; undefined: only calls from this machine are taken. */
  readonly token: string | undefined;
  /** Whether the header `x-tensorgate-explain: 1` has answers tell why they came from where they did. */
  readonly explainHeader: boolean;
}

export const adminSchema: z.ZodType<AdminConfig> = section({
  enabled: yesNo().prefault(false).describe("Whether the REST port answers under /admin/."),
  token: token()
    .optional()
    .describe("What a call shows as Authorization: Bearer; without one only calls from this machine are taken."),
  explainHeader: yesNo()
    .prefault(false)
    .describe("Whether the header x-tensorgate-explain: 1 has answers tell why they came from where they did."),
}).transform(({ token, ...others }): AdminConfig => ({ ...others, token }));
