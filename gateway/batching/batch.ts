import { type CallSignal, DEFAULT_SIGNATURE } from "../../core/index.ts";
import {
  decodePredictResponse,
  encodePredictRequest,
  joinRows,
  rowCount,
  type Signature,
  sliceRows,
  type Tensor,
} from "../../tensor/index.ts";
import type { Answer, PredictInputs, RoutedCall } from "../call.ts";

/** A call that may travel with others, and its rows. */
export interface Passenger {
  readonly routed: RoutedCall;
  readonly request: PredictInputs;
  readonly rows: number;
}

/**
 * The call's rows, when its inputs have the same number of them and its signature says that their number is free; else it
 * travels alone. May throw INVALID_ARGUMENT.
 */
export function passengerOf(routed: RoutedCall): Passenger | undefined {
  const request = routed.call.body.inputsFor?.(routed.target);
  if (request?.kind !== "tensors") return undefined;
  const signature = routed.target.signatures.get(request.signature);
  if (signature === undefined || !isOfRows(signature)) return undefined;
  const rows = rowCount(request.inputs);
  return rows === undefined ? undefined : { routed, request, rows };
}

/** Every input and output has a first dimension of any size, or a shape that isn't told. */
function isOfRows({ inputs, outputs }: Signature): boolean {
  return [...inputs.values(), ...outputs.values()].every(({ shape }) => shape === undefined || shape[0] === -1);
}

/** Equal for calls that may be joined: the same signature, outputs, input names, dtypes and inner dimensions. */
export function batchKey({ signature, inputs, outputFilter }: PredictInputs): string {
  const names = [...inputs.keys()].toSorted();
  const kinds = names.map((name) => {
    const { dtype, shape } = inputs.get(name) as Tensor;
    return [name, dtype.number, ...shape.slice(1)];
  });
  return JSON.stringify([signature, outputFilter.toSorted(), kinds]);
}

/** One call that holds the rows of all, and lasts as long as the last of them; `signal` ends it once all have gone. */
export function joined(passengers: readonly [Passenger, ...Passenger[]], signal: CallSignal): RoutedCall {
  const [{ routed, request }] = passengers;
  const inputs = new Map<string, Tensor>();
  for (const name of request.inputs.keys()) {
    inputs.set(name, joinRows(passengers.map((passenger) => passenger.request.inputs.get(name) as Tensor)));
  }
  const deadlines = passengers.map((passenger) => passenger.routed.call.deadline);
  return {
    ...routed,
    call: {
      ...routed.call,
      header: () => undefined,
      deadline: Math.max(...deadlines),
      signal,
      body: {
        messageFor: ({ name, version }) =>
          encodePredictRequest(
            { ...request, inputs, spec: { name, choice: { by: "version", version }, signature: request.signature } },
            "content",
          ),
      },
    },
  };
}

/** Each passenger's part of the answer; undefined when its tensors don't have a row for each row of the call. */
export function split(answer: Answer, passengers: readonly Passenger[]): Answer[] | undefined {
  const { spec, outputs } =
    answer.content.is === "outputs" ? answer.content : decodePredictResponse(answer.content.message);
  const rows = passengers.reduce((sum, passenger) => sum + passenger.rows, 0);
  if (outputs.size === 0 || rowCount(outputs) !== rows) return undefined;
  const { name, version } = answer.target;
  const signature = passengers[0]?.request.signature ?? DEFAULT_SIGNATURE;
  let from = 0;
  return passengers.map((passenger) => {
    const part = new Map<string, Tensor>();
    for (const [alias, tensor] of outputs) part.set(alias, sliceRows(tensor, from, passenger.rows));
    from += passenger.rows;
    const content = { is: "outputs", spec: spec ?? { name, version, signature }, outputs: part } as const;
    return { target: answer.target, arm: passenger.routed.arm, content };
  });
}
