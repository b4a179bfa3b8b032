import { type Deadline, type ErrorCode, InferenceError } from "../../core/index.ts";
import {
  difference,
  type FloatTolerance,
  joinRows,
  type Signature,
  sliceRows,
  type Tensor,
} from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { Row } from "./made-up-rows.ts";
import { refused, unproven, type Verdict } from "./verdict.ts";

export interface ProbeOptions {
  readonly model: LoadedModel;
  readonly signature: Signature;
  readonly tolerance: FloatTolerance;
  readonly deadline: Deadline;
  /** Whether nobody needs the answer any more; asked before each run. */
  readonly stop: () => boolean;
}

/** `unfit`: some row does not run even alone, so that others have to be found. */
export type Outcome = Verdict | { readonly is: "unfit"; readonly reason: string };

type Outputs = ReadonlyMap<string, Tensor>;

/** Failures that tell of the moment, not of the rows. */
const OF_THE_MOMENT: ReadonlySet<ErrorCode> = new Set([
  "DEADLINE_EXCEEDED",
  "CANCELLED",
  "RESOURCE_EXHAUSTED",
  "UNAVAILABLE",
]);

/**
 * Runs rows (two at least, that differ) each alone, then in a pair, backwards, and in a batch that holds each of them twice,
 * and compares the answers. Never rejects.
 */
export async function probe(options: ProbeOptions, rows: readonly Row[]): Promise<Outcome> {
  const alone: Outputs[] = [];
  for (const row of rows) {
    const ran = await run(options, [row]);
    if ("is" in ran) return ran.is === "failed" ? { is: "unfit", reason: ran.reason } : ran;
    const stray = strayOutput(ran.outputs, 1);
    if (stray !== undefined) return refused(stray);
    alone.push(ran.outputs);
  }
  for (const order of orders(rows.length)) {
    const ran = await run(
      options,
      order.map((row) => rows[row] as Row),
    );
    const company = `in a batch of ${order.length}`;
    if ("is" in ran) return ran.is === "failed" ? refused(`rows that run alone fail ${company}: ${ran.reason}`) : ran;
    const stray = strayOutput(ran.outputs, order.length);
    if (stray !== undefined) return refused(stray);
    for (const [at, row] of order.entries()) {
      const apart = difference(alone[row] as Outputs, rowOf(ran.outputs, at), options.tolerance);
      if (apart !== undefined) return refused(`rows answer differently in company: output ${apart}, ${company}`);
    }
  }
  // A signature that answers everything alike would have hidden what it does to a batch.
  const [first, ...others] = alone as [Outputs, ...Outputs[]];
  const alike = others.every((other) => difference(first, other, options.tolerance) === undefined);
  return alike ? unproven("rows that differ were all answered alike, which proves nothing") : { is: "proven" };
}

/** A pair, all of them backwards, and a batch with each of them twice. */
function orders(count: number): readonly (readonly number[])[] {
  const all = Array.from({ length: count }, (_, i) => i);
  const turned = [...all.slice(count >> 1), ...all.slice(0, count >> 1)];
  return [[0, 1], all.toReversed(), [...turned, ...turned.toReversed()]];
}

type Ran = { readonly outputs: Outputs } | { readonly is: "failed"; readonly reason: string } | Verdict;

async function run({ model, signature, deadline, stop }: ProbeOptions, rows: readonly Row[]): Promise<Ran> {
  if (stop()) return unproven("the proof was cut short");
  const aliases = [...signature.outputs.keys()];
  try {
    const feeds = Array.from(signature.inputs, ([alias, { name }]) => {
      return [name, joinRows(rows.map((row) => row.get(alias) as Tensor))] as const;
    });
    const fetches = Array.from(signature.outputs.values(), ({ name }) => name);
    // A plan of its own: the times of probes tell nothing of those of calls.
    const fetched = await model.run({ plan: `proof of ${signature.key}`, feeds, fetches, deadline });
    return { outputs: new Map(aliases.map((alias, i) => [alias, fetched[i] as Tensor])) };
  } catch (thrown) {
    const { code, message } = InferenceError.from(thrown, "worker");
    if (code === "DEADLINE_EXCEEDED") return unproven("the time for the proof was over");
    const [told = ""] = message.split("\n", 1); // what follows it are places in the graph
    return OF_THE_MOMENT.has(code) ? unproven(told) : { is: "failed", reason: told };
  }
}

/** An output that has not one row for each of so many. */
function strayOutput(outputs: Outputs, rows: number): string | undefined {
  for (const [alias, { shape }] of outputs) {
    if (shape[0] !== rows) {
      return `output "${alias}" has no row for each row: its shape is [${shape.join(",")}] for ${rows} of them`;
    }
  }
  return undefined;
}

function rowOf(outputs: Outputs, at: number): Outputs {
  return new Map(Array.from(outputs, ([alias, tensor]) => [alias, sliceRows(tensor, at, 1)]));
}
