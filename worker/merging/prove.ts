import { DEFAULT_SIGNATURE } from "../../core/index.ts";
import type { FloatTolerance } from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import { type Form, formsOf, madeUpRows, type Row, rowBytes, unmakeableInput } from "./made-up-rows.ts";
import { type Outcome, type ProbeOptions, probe } from "./probe.ts";
import { type RecordedInputs, recordedRows } from "./recorded-rows.ts";
import { shapeRefusal } from "./shapes.ts";
import { refused, unproven, type Verdict, type Verdicts } from "./verdict.ts";

export interface ProofOptions {
  readonly tolerance: FloatTolerance;
  /** Requests that were kept with the model, whose rows say more than made-up ones. */
  readonly recorded: readonly RecordedInputs[];
  /** Whether rows may run; without, a signature is refused or unproven. */
  readonly mayRun: boolean;
  /** Whether nobody needs the answer any more; asked before each run. */
  readonly stop: () => boolean;
  /** For all signatures together. Default 5 s. */
  readonly limitMs?: number;
}

const LIMIT_MS = 5_000;
const ROWS = 4;

/** Of the inputs of one run: a batch holds each row twice. */
const MAX_BATCH_BYTES = 32 * 2 ** 20;

/** TensorFlow's own signatures, which no client calls. */
const INTERNAL = "__saved_model_";

/**
 * Finds for each signature whether rows answer in company as they do alone. One that has effects which last, or whose shapes
 * do not permit it, is not run. Bounded in time and memory; never rejects. The model stays open meanwhile.
 */
export async function proveSignatures(model: LoadedModel, options: ProofOptions): Promise<Verdicts> {
  const deadline = performance.now() + (options.limitMs ?? LIMIT_MS);
  const verdicts = new Map<string, Verdict>();
  const signatures = [...model.signatures.values()].filter(({ key }) => !key.startsWith(INTERNAL));
  // The one that is called most has the time first.
  signatures.sort((a, b) => Number(b.key === DEFAULT_SIGNATURE) - Number(a.key === DEFAULT_SIGNATURE));
  for (const signature of signatures) {
    const { tolerance, stop } = options;
    verdicts.set(signature.key, await verdictOf({ model, signature, tolerance, deadline, stop }, options));
  }
  return verdicts;
}

async function verdictOf(how: ProbeOptions, { recorded, mayRun }: ProofOptions): Promise<Verdict> {
  const { model, signature } = how;
  const effect = model.effects.get(signature.key);
  const refusal = effect?.lasts === true ? effect.told : shapeRefusal(signature);
  if (refusal !== undefined) return refused(refusal);
  if (!mayRun) return unproven("warm-up is off");
  const verdict = await triedVerdict(how, recorded);
  return verdict.is === "refused" && effect !== undefined ? refused(`${verdict.reason}; ${effect.told}`) : verdict;
}

async function triedVerdict(how: ProbeOptions, recorded: ProofOptions["recorded"]): Promise<Verdict> {
  const { signature } = how;
  const rows = recordedRows(signature, recorded, { rows: ROWS, bytes: MAX_BATCH_BYTES / 2 });
  if (rows.length > 1) {
    const outcome = await probe(how, rows);
    if (outcome.is !== "unfit") return outcome;
  }
  const unmakeable = unmakeableInput(signature);
  if (unmakeable !== undefined) return unproven(unmakeable);
  return await madeUpVerdict(how, rows[0]);
}

/** Where a rank is not told, rows of single values and rows of several are both tried: what runs must agree. */
async function madeUpVerdict(how: ProbeOptions, known: Row | undefined): Promise<Verdict> {
  const untold = [...how.signature.inputs.values()].some(({ shape }) => shape === undefined);
  const outcomes: Outcome[] = [];
  for (const rank of untold ? [1, 2] : [1]) {
    outcomes.push(await firstFit(how, formsOf(how.signature, rank, known)));
  }
  for (const is of ["refused", "proven", "unproven"] as const) {
    for (const outcome of outcomes) if (outcome.is === is) return outcome;
  }
  return unproven(`rows that were made up do not run: ${reasonOf(outcomes[0])}`);
}

/** The outcome of the first form whose rows run. */
async function firstFit(how: ProbeOptions, forms: readonly Form[]): Promise<Outcome> {
  let outcome: Outcome = unproven("no form of rows is known");
  for (const form of forms) {
    const bytes = rowBytes(how.signature, form);
    const count = Math.min(ROWS, Math.floor(MAX_BATCH_BYTES / (2 * Math.max(1, bytes))));
    if (count < 2) return unproven(`a row is too large to be tried (${bytes} bytes)`);
    outcome = await probe(how, madeUpRows(how.signature, form, count));
    if (outcome.is !== "unfit") return outcome;
  }
  return outcome;
}

function reasonOf(outcome: Outcome | undefined): string {
  return outcome === undefined || outcome.is === "proven" ? "" : outcome.reason;
}
