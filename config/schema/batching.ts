import { z } from "zod";
import { list, section, shortOr } from "./scalar.ts";
import { duration, integer, number, size, word } from "./units.ts";

/** Bounds of the calls that are made of several. */
export interface BatchingConfig {
  /** Rows of one joined call; a call of more travels alone. */
  readonly maxRows: number;
  /** Bytes of the inputs of one joined call; a call of more travels alone. */
  readonly maxBytes: number;
  /** How long a call may wait for company while others are under way; one that finds none under way leaves at once. */
  readonly maxDelayMs: number;
  /** Calls of one kind under way at once; undefined: two for each worker that has the version. */
  readonly maxInFlight: number | undefined;
  /** More rows of one signature than this waiting: UNAVAILABLE. */
  readonly maxQueuedRows: number;
  /** As `maxQueuedRows`, in bytes of inputs. */
  readonly maxQueuedBytes: number;
  /** Ascending: a call is filled up to the next of these many rows, with copies of one; none: calls are as they are. */
  readonly allowedRows: readonly number[];
  /** How far apart answers to one row may lie, alone and in company, for calls to be joined. */
  readonly tolerance: Tolerance;
}

/** Either bound is enough. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** A queue is to bound memory, not to turn away what would have been served without it. */
const QUEUED_BATCHES = 256;

const DEFAULT_ROWS = 64;

export const toleranceSchema: z.ZodType<Tolerance> = section({
  relative: number(0).prefault(1e-4).describe("Of the larger of two floats."),
  absolute: number(0).prefault(1e-6).describe("Between two floats."),
});

const boundsSchema = section({
  maxRows: integer(1).optional().describe("Rows of one joined call, a call of more travels alone; default: 64."),
  maxBytes: size().prefault("4MiB").describe("Bytes of the inputs of one joined call; a call of more travels alone."),
  maxDelay: duration().prefault(0).describe("How long a call may wait for company, only while others are under way."),
  maxInFlight: integer(1).optional().describe("Joined calls under way at once; default: two a worker."),
  maxQueuedRows: integer(1).optional().describe("Rows that may wait, else 503; default: 256 times maxRows."),
  maxQueuedBytes: size().prefault("256MiB").describe("Bytes of inputs that may wait, else 503."),
  allowedRows: list(integer(1))
    .prefault([])
    .describe(
      "Each call is filled up to the next of these many rows, for graphs that are compiled for some; ascending.",
    ),
  tolerance: toleranceSchema.prefault({}).describe("How far apart floats of one row may be, alone and in company."),
}).transform(({ maxDelay, maxInFlight, maxQueuedRows, ...bounds }, context): BatchingConfig => {
  const { allowedRows } = bounds;
  const last = allowedRows.at(-1);
  const maxRows = bounds.maxRows ?? last ?? DEFAULT_ROWS;
  const refuse = (message: string): unknown =>
    context.addIssue({ code: "custom", message, path: ["allowedRows"], input: allowedRows });
  if (allowedRows.some((rows, i) => rows <= (allowedRows[i - 1] ?? 0))) refuse("expected ascending numbers");
  else if (last !== undefined && last !== maxRows) refuse(`expected maxRows (${maxRows}) as the last, got ${last}`);
  return {
    ...bounds,
    maxRows,
    maxDelayMs: maxDelay,
    maxInFlight,
    maxQueuedRows: Math.max(maxRows, maxQueuedRows ?? QUEUED_BATCHES * maxRows),
    maxQueuedBytes: Math.max(bounds.maxBytes, bounds.maxQueuedBytes),
  };
});

export const batchingSchema: z.ZodType<BatchingConfig | "off"> = shortOr<BatchingConfig | "off">(
  word("off"),
  boundsSchema,
);

/** What holds where nothing is said. */
export const DEFAULT_BATCHING: BatchingConfig = boundsSchema.parse({});
