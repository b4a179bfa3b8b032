import type { BatchingParameters } from "../protos/index.ts";
import type { Finding } from "./cross-check.ts";
import { type BatchingConfig, DEFAULT_BATCHING } from "./schema/batching.ts";

/** `tensorflow::serving::BasicBatchScheduler`'s own default. */
const DEFAULT_MAX_BATCH_SIZE = 1000n;

type Size =
  | "max_batch_size"
  | "batch_timeout_micros"
  | "max_enqueued_batches"
  | "num_batch_threads"
  | "max_execution_batch_size";

/** The least that each may be. */
const LEAST: readonly (readonly [Size, bigint])[] = [
  ["max_batch_size", 1n],
  ["batch_timeout_micros", 0n],
  ["max_enqueued_batches", 0n],
  ["num_batch_threads", 1n],
  ["max_execution_batch_size", 1n],
];

/** For what TensorFlow Serving refuses batching parameters, in its words where it has some (`batching/batching_session.cc`). */
export function batchingFindings(parameters: BatchingParameters): Finding[] {
  const findings = LEAST.flatMap(([field, least]): Finding[] => {
    const value = sizeOf(parameters, field);
    if (value === undefined || value >= least) return [];
    return [{ path: [field, "value"], message: `expected at least ${least}, got ${value}` }];
  });
  const sizes = parameters.allowed_batch_sizes.map(BigInt);
  const last = sizes.at(-1);
  if (last === undefined) return findings;

  const tell = (at: number, message: string): unknown => findings.push({ path: ["allowed_batch_sizes", at], message });
  const unordered = sizes.findIndex((size, i) => size <= (sizes[i - 1] ?? 0n));
  if (unordered >= 0) tell(unordered, "allowed_batch_sizes entries must be monotonically increasing");

  const max = sizeOf(parameters, "max_batch_size") ?? DEFAULT_MAX_BATCH_SIZE;
  const splits = parameters.enable_large_batch_splitting?.value === true;
  const most = splits ? (sizeOf(parameters, "max_execution_batch_size") ?? max) : max;
  if (last !== most) {
    const rule = splits ? "must be equal to max_execution_batch_size" : "must match max_batch_size";
    tell(sizes.length - 1, `Last entry in allowed_batch_sizes ${rule}; last entry was ${last}; expected ${most}`);
  }
  return findings;
}

function sizeOf(parameters: BatchingParameters, field: Size): bigint | undefined {
  const wrapped = parameters[field];
  return wrapped === null ? undefined : BigInt(wrapped.value);
}

/** `tensorflow::serving::BasicBatchScheduler`'s own default. */
const DEFAULT_MAX_ENQUEUED_BATCHES = 10n;

/** What batching parameters bound here; TensorFlow Serving's defaults fill in what they leave out. */
export function batchingOf(parameters: BatchingParameters): BatchingConfig {
  const size = (field: Size): bigint | undefined => sizeOf(parameters, field);
  const maxRows = size("max_execution_batch_size") ?? size("max_batch_size") ?? DEFAULT_MAX_BATCH_SIZE;
  const maxInFlight = size("num_batch_threads");
  const queued = (size("max_enqueued_batches") ?? DEFAULT_MAX_ENQUEUED_BATCHES) * maxRows;
  return {
    ...DEFAULT_BATCHING,
    maxRows: Number(maxRows),
    maxDelayMs: Number(size("batch_timeout_micros") ?? 0n) / 1000,
    maxInFlight: maxInFlight === undefined ? undefined : Number(maxInFlight),
    maxQueuedRows: Number(queued > maxRows ? queued : maxRows),
    allowedRows: parameters.allowed_batch_sizes.map(Number),
  };
}

/** What of the parameters has no effect here, and why, for the log. */
export function batchingNotes(parameters: BatchingParameters): string[] {
  if (!parameters.pad_variable_length_inputs) return [];
  return ["pad_variable_length_inputs has no effect: only calls whose inner dimensions agree are joined"];
}
