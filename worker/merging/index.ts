export { type ProofOptions, proveSignatures } from "./prove.ts";
export type { RecordedInputs } from "./recorded-rows.ts";
export type { Verdict, Verdicts } from "./verdict.ts";
