/** Whether the rows of several calls for one signature may run as one. Reasons are for a person. */
export type Verdict =
  /** Rows have answered alone as they have in company. */
  | { readonly is: "proven" }
  /** It could not be tried, here and now. */
  | { readonly is: "unproven"; readonly reason: string }
  /** They must not. */
  | { readonly is: "refused"; readonly reason: string };

/** By signature. */
export type Verdicts = ReadonlyMap<string, Verdict>;

export function unproven(reason: string): Verdict {
  return { is: "unproven", reason };
}

export function refused(reason: string): Verdict {
  return { is: "refused", reason };
}
